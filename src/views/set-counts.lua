-- The second half of recount.lua: finds what stands of each article, compares, and sets.
local function windowKey(window, category) return tag .. ':w' .. window .. ':' .. category end
-- Whether the category has scores of this half-life, and whether they are complete: while scores of another half-life are
-- being made there is a comma in the mark.
local slowOf = {}
local function keeps(decayed, category)
  if not decayed.hours then return true, true end
  local kept = slowOf[category] or call('HGET', marks, 'H:' .. category) or ''
  slowOf[category] = kept
  return string.find(',' .. kept .. ',', ',' .. decayed.hours .. ',', 1, true) ~= nil, not string.find(kept, ',', 1, true)
end

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
local function standsIn(category, id)
  if call('ZSCORE', windowKey('30d', category), id) then return true end
  if isQuick then return false end
  for _, window in ipairs(WINDOWS) do
    if call('ZSCORE', windowKey(window, category), id) then return true end
  end
  return false
end

local function placeIn(category, id)
  if not standsIn(category, id) then return nil end
  local place = nowhere()
  place.isChanged = finishRoll(category, id)
  for i, window in ipairs(WINDOWS) do
    place.windows[i] = tonumber(call('ZSCORE', windowKey(window, category), id) or 0)
  end
  for i, decayed in ipairs(DECAYED) do
    if keeps(decayed, category) then
      place.scores[i] = tonumber(call('ZSCORE', decayedKey(decayed, category), id) or 0)
    end
  end
  local left = isQuick and place.windows[4] or math.huge
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
    if keeps(decayed, category) and old.scores[i] ~= new.scores[i] then setScore(decayed, category, id, new.scores[i]) end
    if decayed.total then addTotal(decayed.total .. ':' .. category, new.scores[i] - old.scores[i]) end
  end
  call('SADD', tag .. ':dirty', category)
  if next(new.b5) or next(new.bh) then call('SADD', tag .. ':categories', category) end
end

local NOWHERE = nowhere()
local categories = call('SMEMBERS', tag .. ':categories')
local wrong = {}

local function recount(article)
  local id, target = article.id, targetOf(article)
  local places, before, exact = {}, { 0, 0, 0, 0, 0, 0 }, {}
  for _, category in ipairs(categories) do
    local place = placeIn(category, id)
    places[category] = place
    if place then
      local hasSameBuckets = isSame(place.b5, target.b5) and isSame(place.bh, target.bh)
      place.isSame = hasSameBuckets and isSame(place.windows, target.windows)
      for i, decayed in ipairs(DECAYED) do
        local isKept, isSettled = keeps(decayed, category)
        if hasSameBuckets and isKept and isSettled then exact[i] = exact[i] or place.scores[i] end
      end
      for i, score in ipairs(place.scores) do before[i] = math.max(before[i], score) end
    end
  end
  local made = target.scores
  target.scores = {}
  for i, score in ipairs(made) do target.scores[i] = exact[i] or score end

  local hasReads, isRight = next(target.b5) or next(target.bh), true
  for category, place in pairs(places) do isRight = isRight and place.isSame and article.categories[category] end
  for category in pairs(article.categories) do isRight = isRight and (places[category] or not hasReads) end
  if not isRight then wrong[#wrong + 1] = id end
  if mode == 'look' then return end

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
    if not places[category] and hasReads then setPlace(category, id, NOWHERE, target) end
    for i, decayed in ipairs(DECAYED) do
      local isKept, isSettled = keeps(decayed, category)
      if isKept and not isSettled and tostring(decayed.hours) == mode then setScore(decayed, category, id, made[i]) end
    end
  end
  -- The largest stands for all: where categories differed, a rest remains in the totals and fades.
  local after = next(article.categories) and target.scores or NOWHERE.scores
  for i, decayed in ipairs(DECAYED) do
    if decayed.total then addTotal(decayed.total, after[i] - before[i]) end
  end
end

for _, article in ipairs(articles) do recount(article) end
return wrong
