-- Records reads of one shard: dedupe (seen.lua), damping (crowd.lua), and what there is to count, noted as pending
-- (count-pending.lua). To count costs ten times as much as to note: small calls that count at once cost Redis more than
-- all the rest, and much of what they write is written again by the next.
--
-- KEYS[1]  the shard's hash tag, `{rN}`. It is never a key itself: it routes the call, and every key the script touches
--          is named from it (keys.ts), so all of them live in one slot of a cluster.
-- ARGV     1    now, seconds
--          2-5  first bucket of the windows 1h, 24h, 7d, 30d, for a shard that has none yet
--          6    weighed reads of an article in a half-hour that one address may always give (crowd.lua)
--          then for each article: its id · its categories joined by ',' · the number of its rows, and for each of these
--               '@' and milliseconds before now, where that is not as in the row before · where there is more to be said
--               of it than that it is one read, '*' and box reads,'1' when its time was named by the reporter (so that a
--               replay days later must still be known),the visitor's hash of the day before (in a day's first
--               half-hour),channel (the usual one has no name),where it came from (two hashes of eight characters; left
--               out: not weighed) · visitor hash
-- Reply    a string with '1' (a read), '0' (duplicate) or '2' (damped) for each row
--
-- One script, because a read that is known to dedupe but not noted (or the other way round) could never be put right.
local call, floor = redis.call, math.floor
local tag, now = KEYS[1], tonumber(ARGV[1])
local nowMs = floor(now * 1000 + 0.5)
local marks, pending = tag .. ':marks', tag .. ':pending'
-- Reads of an article and second. To count so many at once takes some 2 ms, in two categories 5: that many places at
-- most, where it can be. Measured without that, 200 in 16 categories each took 57 ms.
local MAX_PENDING, MAX_PLACES = 200, 400

openShard(tag, ARGV[2], ARGV[3], ARGV[4], ARGV[5])
local seen, crowds = openSeen(tag, now), openCrowds(tag, now, tonumber(ARGV[6]))
local reply, rows, noted, special = {}, 0, {}, {}

-- By the text that says how long ago it was: most rows of a batch came within a few milliseconds.
local moments = setmetatable({}, { __index = function(known, ago)
  local at = (nowMs - tonumber(string.sub(ago, 2))) / 1000
  local half = floor(at / 1800)
  local moment = { half = half, second = floor(at), seen = seen.open(half) }
  known[ago] = moment
  return moment
end })

local function classOf(channel, isCrowded)
  if isCrowded then return ':crowded-' .. (channel == '' and 'beacon' or channel) end
  return channel == '' and '' or ':' .. channel
end

-- Reads of one article and second that are more than that, together: an attack is full of them.
local function noteSpecial(second, article, categories, box, class)
  local name = second .. article .. categories .. class
  local it = special[name]
  if not it then
    it = { second, article, categories, 0, 0, class }
    special[name] = it
    noted[#noted + 1] = it
  end
  it[4], it[5] = it[4] + 1, it[5] + box
end

local function recordSpecial(article, categories, moment, hash, text)
  local box, named, before, channel, origin = string.match(text, '^.(%d+),(1?),(%-?%d*),([^,]*),(.*)$')
  local isFull, isCrowded = false, false
  if origin ~= '' then
    isFull, isCrowded = crowds.weigh(moment.half, article, string.match(categories, '^[^,]+'), origin)
  end
  local verdict = seen.judge(moment.seen, hash, before ~= '' and before, named == '1', isFull)
  if verdict == '1' then
    if origin ~= '' then crowds.add(moment.half, article, origin) end
    noteSpecial(moment.second, article, categories, tonumber(box), classOf(channel, isCrowded))
  end
  return verdict
end

local SPECIAL, AGO = string.byte('*'), string.byte('@')
local byte, judge, length = string.byte, seen.judge, #ARGV
local i, moment = 7, nil
while i <= length do
  local article, categories, row = ARGV[i], ARGV[i + 1], i + 3
  local second, reads = nil, 0
  for _ = 1, tonumber(ARGV[i + 2]) do
    local text, verdict = ARGV[row], nil
    if byte(text) == AGO then
      moment, row = moments[text], row + 1
      text = ARGV[row]
    end
    if byte(text) == SPECIAL then
      verdict = recordSpecial(article, categories, moment, ARGV[row + 1], text)
      row = row + 2
    else
      verdict = judge(moment.seen, text, false, false, false)
      if verdict == '1' then
        if moment.second ~= second then
          if reads > 0 then noted[#noted + 1] = { second, article, categories, reads, 0, '' } end
          second, reads = moment.second, 0
        end
        reads = reads + 1
      end
      row = row + 1
    end
    rows = rows + 1
    reply[rows] = verdict
  end
  if reads > 0 then noted[#noted + 1] = { second, article, categories, reads, 0, '' } end
  i = row
end
seen.write()

-- Lua and Redis print a number as they would a fraction, which costs them as much as the rest of a small command.
local secondTexts = setmetatable({}, { __index = function(texts, second)
  texts[second] = string.format('%d:', second)
  return texts[second]
end })

local function note(isFirst)
  for at = 1, #noted do
    local it = noted[at]
    local field = secondTexts[it[1]] .. it[2] .. ':' .. it[3] .. it[6]
    call('HINCRBY', pending, field, it[4] == 1 and '1' or it[4])
    if it[5] > 0 then call('HINCRBY', pending, 'b:' .. field, it[5]) end
  end
  -- A hash becomes a real one for good when a field is longer than 64 bytes: in a short one each field is searched for.
  if isFirst and #noted > 0 then
    local long = string.rep('~', 65)
    call('HSET', pending, long, '')
    call('HDEL', pending, long)
  end
end

local sizes = setmetatable({}, { __index = function(known, categories)
  local _, commas = string.gsub(categories, ',', ',')
  known[categories] = commas + 1
  return commas + 1
end })

-- As many as may be pending when all are in as many categories as these.
local function mostPending()
  local places = 0
  for at = 1, #noted do places = places + sizes[noted[at][3]] end
  return math.min(MAX_PENDING, MAX_PLACES * #noted / places)
end

-- One of the two is counted where both together are too many, the larger.
local waiting = call('HLEN', pending)
if #noted == 0 or waiting + #noted <= mostPending() then
  note(waiting == 0)
elseif #noted < waiting then
  countPending(tag)
  note(true)
else
  countReads(tag, noted)
end
return table.concat(reply)
