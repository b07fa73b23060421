-- Counts reads of one shard: dedupe (seen.lua), damping (crowd.lua) and all that is counted (count.lua), in one step.
--
-- KEYS[1]  the shard's hash tag, `{rN}`. It is never a key itself: it routes the call, and every key the script touches
--          is named from it (keys.ts), so all of them live in one slot of a cluster.
-- ARGV     1    now, seconds
--          2-5  first bucket of the windows 1h, 24h, 7d, 30d, for a shard that has none yet
--          6-7  restore only: the progress that the caller expects, the progress to set ('done': finished);
--               both '' when recording
--          8    weighed reads of an article in a half-hour that one address may always give (crowd.lua)
--          then for each article: its id · its categories joined by ',' · the number of its rows, and for each of these
--               '@' and milliseconds before now, where that is not as in the row before · where there is more to be said
--               of it than that it is one read, '*' and reads,box reads among them,'1' when its time was named by the
--               reporter (so that a replay days later must still be known),the visitor's hash of the day before (in a
--               day's first half-hour),channel (the usual one has no name),where it came from (two hashes of eight
--               characters; left out: not weighed) · visitor hash ('': no dedupe)
-- Reply    recording: a string with '1' (counted), '0' (duplicate) or '2' (damped) for each row
--          restoring: the progress that now stands; nothing was written unless it is ARGV[7]
--
-- One script, because a read that is known to dedupe but not counted (or the other way round) could never be put right.
local call, floor = redis.call, math.floor
local tag, now = KEYS[1], tonumber(ARGV[1])
local nowMs = floor(now * 1000 + 0.5)
local marks = tag .. ':marks'
local restoring = ARGV[7] ~= ''

local saved = call('HMGET', marks, 'from:1h', 'from:24h', 'from:7d', 'from:30d', 'L:15', 'L:60', 'L:180',
  'restored', 'restoring', 'L:360', 'L:720', 'L:1440')
if restoring then
  if saved[8] then return 'done' end
  if (saved[9] or '') ~= ARGV[6] then return saved[9] or '' end
end
if not saved[1] then
  -- The long field makes a real hash of it for good (count.lua).
  local long = string.rep('~', 65)
  call('HSET', marks, long, '', 'from:1h', ARGV[2], 'from:24h', ARGV[3], 'from:7d', ARGV[4], 'from:30d', ARGV[5])
  call('HDEL', marks, long)
  for i = 1, 4 do saved[i] = ARGV[i + 1] end
end
if not saved[5] then
  local landmark = string.format('%d', floor(now))
  call('HSET', marks, 'L:15', landmark, 'L:60', landmark, 'L:180', landmark)
  for i = 5, 7 do saved[i] = landmark end
end
if not saved[10] then
  local landmark = string.format('%d', floor(now))
  call('HSET', marks, 'L:360', landmark, 'L:720', landmark, 'L:1440', landmark)
  for i = 10, 12 do saved[i] = landmark end
end

local seen, counts, crowds = openSeen(tag, now), openCounts(tag, now, saved), openCrowds(tag, now, tonumber(ARGV[8]))
local reply, rows = {}, 0

local function classOf(channel, isCrowded)
  if isCrowded then return ':crowded-' .. (channel == '' and 'beacon' or channel) end
  return channel == '' and '' or ':' .. channel
end

-- By the text that says how long ago it was: most rows of a batch came within a few milliseconds.
local moments = setmetatable({}, { __index = function(known, ago)
  local moment = counts.moment((nowMs - tonumber(string.sub(ago, 2))) / 1000)
  moment.half = floor(moment.at / 1800)
  if not restoring then moment.seen = seen.open(moment.half) end
  known[ago] = moment
  return moment
end })

local function recordSpecial(bySlot, article, categories, moment, hash, special)
  local reads, box, named, before, channel, origin =
    string.match(special, '^.(%d+),(%d+),(1?),(%-?%d*),([^,]*),(.*)$')
  local isFull, isCrowded, verdict = false, false, '1'
  if origin ~= '' then
    isFull, isCrowded = crowds.weigh(moment.half, article, string.match(categories, '^[^,]+'), origin)
  end
  if hash ~= '' then verdict = seen.judge(moment.seen, hash, before ~= '' and before, named == '1', isFull) end
  if verdict == '1' then
    if origin ~= '' then crowds.add(moment.half, article, origin) end
    counts.add(bySlot, article, categories, moment, tonumber(reads), tonumber(box), classOf(channel, isCrowded))
  end
  return verdict
end

local SPECIAL, AGO = string.byte('*'), string.byte('@')
local byte, judge, length = string.byte, seen.judge, #ARGV
local i, moment = 9, nil
while i <= length do
  local article, categories, bySlot, row = ARGV[i], ARGV[i + 1], {}, i + 3
  local isSlow, slot, sum, f15, f60, pop = nil, nil, 0, 0, 0, 0
  for _ = 1, tonumber(ARGV[i + 2]) do
    local text, verdict = ARGV[row], nil
    if byte(text) == AGO then
      moment, row = moments[text], row + 1
      text = ARGV[row]
    end
    if byte(text) == SPECIAL then
      verdict = recordSpecial(bySlot, article, categories, moment, ARGV[row + 1], text)
      row = row + 2
    else
      verdict = judge(moment.seen, text, false, false, false)
      if verdict == '1' then
        if isSlow == nil then isSlow = counts.isSlow(categories) end
        if isSlow then
          counts.add(bySlot, article, categories, moment, 1, 0, '')
        else
          if moment.slot ~= slot then
            if sum > 0 then counts.addSums(bySlot, article, categories, slot, sum, f15, f60, pop) end
            slot, sum, f15, f60, pop = moment.slot, 0, 0, 0, 0
          end
          sum, f15, f60, pop = sum + 1, f15 + moment.weight15, f60 + moment.weight60, pop + moment.weight180
        end
      end
      row = row + 1
    end
    rows = rows + 1
    reply[rows] = verdict
  end
  if sum > 0 then counts.addSums(bySlot, article, categories, slot, sum, f15, f60, pop) end
  i = row
end
counts.write(restoring)
seen.write()

if restoring then
  if ARGV[7] == 'done' then
    call('HSET', marks, 'restored', ARGV[1])
    call('HDEL', marks, 'restoring')
  else
    call('HSET', marks, 'restoring', ARGV[7])
  end
  return ARGV[7]
end
return table.concat(reply)
