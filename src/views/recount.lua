-- Sets the counts of articles in one shard anew: what the archive says, and what is not archived yet.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV     1 now, seconds · 2 the token of the recount · 3 the batch that lies aside though it is archived, '' for none
--          then for each article: its id · its categories joined by ',', '' where it shall have no counts · the number
--          of its archived rows, and for each of these: slot · reads · box reads among them
-- Reply    1, or 0 when nothing was done, because the shard was emptied or another recount was opened since
--
-- One script, so that no reader sees an article that is counted in some of its categories only, and no read is recorded
-- between reading what is not archived and writing the sum. What stands as it should is not written, and keeps its
-- decayed scores, which are exact where archived times are known by their slot only. So running it twice changes nothing.
local call, floor = redis.call, math.floor
local tag, now, archived = KEYS[1], tonumber(ARGV[1]), ARGV[3]
local marks = tag .. ':marks'

local saved = call('HMGET', marks, 'restored', 'recounting', 'from:1h', 'from:24h', 'from:7d', 'from:30d', 'L:15', 'L:60',
  'L:180')
if not saved[1] or saved[2] ~= ARGV[2] then return 0 end
local from1h, from24h, from7d, from30d =
  tonumber(saved[3]), tonumber(saved[4]), tonumber(saved[5]), tonumber(saved[6])

local WINDOWS = { '1h', '24h', '7d', '30d' }
local DECAYED = {
  { before = ':f15:', after = '', total = 't15', halfLife = 900, landmark = tonumber(saved[7]), box = 1 },
  { before = ':f60:', after = '', total = 't60', halfLife = 3600, landmark = tonumber(saved[8]), box = 1 },
  { before = ':pop:', after = ':3', halfLife = 10800, landmark = tonumber(saved[9]), box = 1 / 4 },
}
-- Collectors whose clock is ahead may have counted in slots that are still to come here.
local LAST_SLOT = floor(now / 300) + 12
-- The hour that the slot which left the 24-hour window last was carried into.
local LAST_HOUR = floor((from24h - 1) / 12)
-- Makes a set a skiplist for good (record.lua).
local LONG_MEMBER = string.rep('~', 65)

local function precise(number) return string.format('%.17g', number) end
local function addReads(article, slot, reads, box)
  local it = article.slots[slot] or { reads = 0, box = 0 }
  article.slots[slot] = it
  it.reads, it.box = it.reads + reads, it.box + box
end

local articles, byId = {}, {}
local at = 4
while at <= #ARGV do
  local article = { id = ARGV[at], categories = {}, slots = {} }
  for category in string.gmatch(ARGV[at + 1], '[^,]+') do article.categories[category] = true end
  local first, last = at + 3, at + 3 * tonumber(ARGV[at + 2])
  for i = first, last, 3 do addReads(article, tonumber(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])) end
  articles[#articles + 1] = article
  if next(article.categories) then byId[article.id] = article end
  at = last + 3
end

-- As a whole: a recount follows an archive, so that seconds of reads lie here.
local function addUnarchived(key)
  local fields = call('HGETALL', key)
  for i = 1, #fields, 2 do
    local box, slot, id = string.match(fields[i], '^(b?):?(%d+):(.+)$')
    local article = id and byId[id]
    local reads = article and tonumber(fields[i + 1])
    if article and box == '' then addReads(article, tonumber(slot), reads, 0) end
    if article and box == 'b' then addReads(article, tonumber(slot), 0, reads) end
  end
end

if next(byId) then
  addUnarchived(tag .. ':delta')
  if archived == '' or call('HGET', tag .. ':archiving', 'id') ~= archived then addUnarchived(tag .. ':archiving') end
end

local function weight(slot, landmark, halfLife)
  local middle = math.max(slot * 300, math.min(slot * 300 + 150, now))
  local exponent = (middle - landmark) / halfLife
  if now - middle > 20 * halfLife or exponent > 900 then return 0 end
  return 2 ^ exponent
end

local function nowhere() return { b5 = {}, bh = {}, windows = { 0, 0, 0, 0 }, scores = { 0, 0, 0 } } end

-- What stands for the article in each of its categories when all its reads are counted (as in record.lua).
local function targetOf(article)
  local target = nowhere()
  local windows = target.windows
  for slot, it in pairs(article.slots) do
    local hour, reads = floor(slot / 12), it.reads
    if slot >= from24h then
      target.b5[slot] = reads
      windows[2] = windows[2] + reads
    elseif hour >= from30d then
      target.bh[hour] = (target.bh[hour] or 0) + reads
    end
    if slot >= from1h then windows[1] = windows[1] + reads end
    if hour >= from7d then windows[3] = windows[3] + reads end
    if hour >= from30d then windows[4] = windows[4] + reads end
    for i, decayed in ipairs(DECAYED) do
      local value = reads - it.box + it.box * decayed.box
      target.scores[i] = target.scores[i] + value * weight(slot, decayed.landmark, decayed.halfLife)
    end
  end
  return target
end

local function windowKey(window, category) return tag .. ':w' .. window .. ':' .. category end
local function decayedKey(decayed, category) return tag .. decayed.before .. category .. decayed.after end

-- Ends for one article what the roller has begun: subtracts what was set aside (roll.lua).
local function finishRoll(category, id)
  local isChanged = false
  for _, window in ipairs(WINDOWS) do
    local out = tag .. ':out:' .. window .. ':' .. category
    local reads = call('ZSCORE', out, id)
    if reads then
      isChanged = true
      call('ZREM', out, id)
      local left = call('ZINCRBY', windowKey(window, category), '-' .. reads, id)
      if tonumber(left) <= 0 then call('ZREM', windowKey(window, category), id) end
      if window == '24h' then
        call('ZINCRBY', tag .. ':bh:' .. category .. ':' .. LAST_HOUR, reads, id)
        call('HINCRBY', marks, 'n24:' .. category, '-' .. reads)
      end
    end
  end
  return isChanged
end

-- Takes down what the buckets hold of the article, the newest first, until all its reads are found.
local function readBuckets(place, name, prefix, id, newest, oldest, left)
  for bucket = newest, oldest, -1 do
    if left <= 0 then break end
    local reads = tonumber(call('ZSCORE', prefix .. bucket, id) or nil)
    if reads then
      place[name][bucket] = reads
      left = left - reads
    end
  end
  return left
end

-- What stands for the article in a category; nil where nothing does: the longest window holds all its reads.
local function placeIn(category, id)
  if not call('ZSCORE', windowKey('30d', category), id) then return nil end
  local place = nowhere()
  place.isChanged = finishRoll(category, id)
  for i, window in ipairs(WINDOWS) do
    place.windows[i] = tonumber(call('ZSCORE', windowKey(window, category), id) or 0)
  end
  for i, decayed in ipairs(DECAYED) do
    place.scores[i] = tonumber(call('ZSCORE', decayedKey(decayed, category), id) or 0)
  end
  local left = place.windows[4]
  left = readBuckets(place, 'b5', tag .. ':b5:' .. category .. ':', id, LAST_SLOT, from24h, left)
  readBuckets(place, 'bh', tag .. ':bh:' .. category .. ':', id, LAST_HOUR, from30d, left)
  return place
end

local function holds(one, other)
  for bucket, reads in pairs(other) do
    if one[bucket] ~= reads then return false end
  end
  return true
end

local function isSame(one, other) return holds(one, other) and holds(other, one) end

local function set(key, id, value)
  if value <= 0 then
    call('ZREM', key, id)
  else
    call('ZADD', key, precise(value), id)
  end
end

local function setBuckets(prefix, id, old, new)
  for bucket in pairs(old) do
    if not new[bucket] then call('ZREM', prefix .. bucket, id) end
  end
  for bucket, reads in pairs(new) do
    if old[bucket] ~= reads then call('ZADD', prefix .. bucket, reads, id) end
  end
end

-- A decayed total is a sum of scores: what subtraction leaves of rounding is nothing, but must not fall below it.
local function addTotal(field, value)
  if value == 0 then return end
  local total = tonumber(call('HGET', marks, field) or 0) + value
  call('HSET', marks, field, precise(math.max(0, total)))
end

local function setScore(decayed, category, id, value)
  local key = decayedKey(decayed, category)
  local isNew = value > 0 and call('EXISTS', key) == 0
  if isNew then call('ZADD', key, 0, LONG_MEMBER) end
  set(key, id, value)
  if isNew then call('ZREM', key, LONG_MEMBER) end
end

local function setPlace(category, id, old, new)
  setBuckets(tag .. ':b5:' .. category .. ':', id, old.b5, new.b5)
  setBuckets(tag .. ':bh:' .. category .. ':', id, old.bh, new.bh)
  for i, window in ipairs(WINDOWS) do
    if old.windows[i] ~= new.windows[i] then set(windowKey(window, category), id, new.windows[i]) end
  end
  local day = new.windows[2] - old.windows[2]
  if day ~= 0 then call('HINCRBY', marks, 'n24:' .. category, day) end
  for i, decayed in ipairs(DECAYED) do
    if old.scores[i] ~= new.scores[i] then setScore(decayed, category, id, new.scores[i]) end
    if decayed.total then addTotal(decayed.total .. ':' .. category, new.scores[i] - old.scores[i]) end
  end
  call('SADD', tag .. ':dirty', category)
  if next(new.b5) or next(new.bh) then call('SADD', tag .. ':categories', category) end
end

local NOWHERE = nowhere()
local categories = call('SMEMBERS', tag .. ':categories')

local function recount(article)
  local id, target = article.id, targetOf(article)
  local places, before, exact = {}, { 0, 0, 0 }, nil
  for _, category in ipairs(categories) do
    local place = placeIn(category, id)
    places[category] = place
    if place then
      place.isSame = isSame(place.b5, target.b5) and isSame(place.bh, target.bh)
      if place.isSame then exact = exact or place.scores end
      for i, score in ipairs(place.scores) do before[i] = math.max(before[i], score) end
    end
  end
  target.scores = exact or target.scores

  for category, place in pairs(places) do
    if not article.categories[category] then
      setPlace(category, id, place, NOWHERE)
    elseif not place.isSame then
      setPlace(category, id, place, target)
    elseif place.isChanged then
      call('SADD', tag .. ':dirty', category)
    end
  end
  for category in pairs(article.categories) do
    if not places[category] and (next(target.b5) or next(target.bh)) then setPlace(category, id, NOWHERE, target) end
  end
  -- The largest stands for all: where categories differed, a rest remains in the totals and fades.
  local after = next(article.categories) and target.scores or NOWHERE.scores
  for i, decayed in ipairs(DECAYED) do
    if decayed.total then addTotal(decayed.total, after[i] - before[i]) end
  end
end

for _, article in ipairs(articles) do recount(article) end
return 1
