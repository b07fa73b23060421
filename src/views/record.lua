-- Counts reads of one shard: dedupe, buckets, windows, decayed scores, totals and the delta that the archive takes.
--
-- KEYS[1]  the shard's hash tag, `{rN}`. It is never a key itself: it routes the call, and every key the script touches
--          is named from it (keys.ts), so all of them live in one slot of a cluster.
-- ARGV     1    now, seconds
--          2-5  first bucket of the windows 1h, 24h, 7d, 30d, for a shard that has none yet
--          6-7  restore only: the progress that the caller expects, the progress to set ('done': finished);
--               both '' when recording
--          then 8 for each row: article · categories joined by ',' · time, seconds · reads · box reads among them ·
--               visitor hash ('': no dedupe) · the visitor's hash of the day before, in a day's first half-hour, else '' ·
--               '1' when its time was named by the reporter, so that a replay days later must still be known
-- Reply    recording: a string with '1' (counted) or '0' (duplicate) for each row
--          restoring: the progress that now stands; nothing was written unless it is ARGV[7]
--
-- One script, because a read that is known to dedupe but not counted (or the other way round) could never be put right.
local call, floor = redis.call, math.floor
local tag, now = KEYS[1], tonumber(ARGV[1])
local marks = tag .. ':marks'
local restoring = ARGV[7] ~= ''

local SEEN_SLOT = 1800
-- A part takes 256 hashes on average, so that chance never brings one to 400 (9 standard deviations).
local PART_ENTRIES = 256
-- Growth of up to 40 % from one half-hour to the next needs no new layer.
local EXPECTED_ENTRIES = 180
local SHORT_KEEP, LONG_KEEP = 3600, 176400

local saved = call('HMGET', marks, 'from:1h', 'from:24h', 'from:7d', 'from:30d', 'L:15', 'L:60', 'L:180',
  'restored', 'restoring')
if restoring then
  if saved[8] then return 'done' end
  if (saved[9] or '') ~= ARGV[6] then return saved[9] or '' end
end
if not saved[1] then
  call('HSET', marks, 'from:1h', ARGV[2], 'from:24h', ARGV[3], 'from:7d', ARGV[4], 'from:30d', ARGV[5])
  for i = 1, 4 do saved[i] = ARGV[i + 1] end
end
if not saved[5] then
  local landmark = string.format('%d', floor(now))
  call('HSET', marks, 'L:15', landmark, 'L:60', landmark, 'L:180', landmark)
  for i = 5, 7 do saved[i] = landmark end
end
local from1h, from24h, from7d, from30d =
  tonumber(saved[1]), tonumber(saved[2]), tonumber(saved[3]), tonumber(saved[4])
local landmark15, landmark60, landmark180 = tonumber(saved[5]), tonumber(saved[6]), tonumber(saved[7])

-- 0 for what no list would show any more, and for what would overflow before the roller moves the landmark.
local function weight(at, landmark, halfLife)
  local exponent = (at - landmark) / halfLife
  if now - at > 20 * halfLife or exponent > 900 then return 0 end
  return 2 ^ exponent
end

-- A half-hour's hashes lie in layers of parts: the first layer is sized by the half-hour before, and when it is full a
-- layer three times all earlier ones is opened. marks keeps `<entries> <1: kept long> <parts> <parts>…`.
local halfHours = {}

local function halfHour(slot)
  local it = halfHours[slot]
  if it then return it end
  it = { slot = slot, entries = 0, long = false, layers = {}, parts = 0, touched = {}, changed = false }
  local text = call('HGET', marks, 'seen:' .. slot)
  if text then
    local entries, long, layers = string.match(text, '^(%d+) (%d)(.*)$')
    it.entries, it.long = tonumber(entries), long == '1'
    for parts in string.gmatch(layers, '%d+') do
      it.layers[#it.layers + 1] = tonumber(parts)
      it.parts = it.parts + tonumber(parts)
    end
  end
  halfHours[slot] = it
  return it
end

local function openLayer(it, parts)
  it.layers[#it.layers + 1] = parts
  it.parts = it.parts + parts
  it.changed = true
end

-- Looks through the first `depth` layers; answers the number of the part after them.
local function find(it, hash, digits, depth)
  local base = 0
  for layer = 1, depth do
    local parts = it.layers[layer]
    if call('SISMEMBER', tag .. ':seen:' .. it.slot .. ':' .. (base + digits % parts), hash) == 1 then return nil end
    base = base + parts
  end
  return base
end

-- The last seven digits spread well enough over parts; Lua's numbers could not hold the whole hash.
local function digitsOf(hash) return tonumber(string.sub(hash, -7)) end

local function isFirst(at, hash, hashBefore, named)
  local slot = floor(at / SEEN_SLOT)
  local before = halfHour(slot - 1)
  local old = hashBefore == '' and hash or hashBefore
  if before.parts > 0 and not find(before, old, digitsOf(old), #before.layers) then return false end

  local it = halfHour(slot)
  if it.parts == 0 then openLayer(it, math.max(1, math.ceil(before.entries / EXPECTED_ENTRIES))) end
  local digits = digitsOf(hash)
  local base = find(it, hash, digits, #it.layers - 1)
  if not base then return false end
  local key = tag .. ':seen:' .. slot .. ':' .. (base + digits % it.layers[#it.layers])
  if call('SADD', key, hash) == 0 then return false end

  it.touched[key] = true
  it.entries = it.entries + 1
  it.changed = true
  it.long = it.long or named
  if it.entries >= it.parts * PART_ENTRIES then openLayer(it, 3 * it.parts) end
  return true
end

-- Rows of one article and slot are counted together: a batch is full of the articles that everybody reads.
local groups, byKey, reply = {}, {}, {}
for i = 8, #ARGV, 8 do
  local article, categories, at = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local reads, box = tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
  if ARGV[i + 5] == '' or isFirst(at, ARGV[i + 5], ARGV[i + 6], ARGV[i + 7] == '1') then
    local slot = floor(at / 300)
    local key = slot .. article .. categories
    local group = byKey[key]
    if not group then
      group = { article = article, categories = categories, slot = slot, reads = 0, box = 0, f15 = 0, f60 = 0, pop = 0 }
      byKey[key] = group
      groups[#groups + 1] = group
    end
    group.reads = group.reads + reads
    group.box = group.box + box
    group.f15 = group.f15 + reads * weight(at, landmark15, 900)
    group.f60 = group.f60 + reads * weight(at, landmark60, 3600)
    group.pop = group.pop + (reads - box + box / 4) * weight(at, landmark180, 10800)
    reply[#reply + 1] = '1'
  else
    reply[#reply + 1] = '0'
  end
end

local categoryTotals, names, lists = {}, {}, {}
local total15, total60 = 0, 0

local function listOf(categories)
  local list = lists[categories]
  if list then return list end
  list = {}
  for category in string.gmatch(categories, '[^,]+') do
    local totals = categoryTotals[category]
    if not totals then
      totals = {
        name = category, n24 = 0, t15 = 0, t60 = 0,
        b5 = tag .. ':b5:' .. category .. ':', bh = tag .. ':bh:' .. category .. ':',
        w1h = tag .. ':w1h:' .. category, w24h = tag .. ':w24h:' .. category,
        w7d = tag .. ':w7d:' .. category, w30d = tag .. ':w30d:' .. category,
        f15 = tag .. ':f15:' .. category, f60 = tag .. ':f60:' .. category, pop = tag .. ':pop:' .. category .. ':3',
      }
      categoryTotals[category] = totals
      names[#names + 1] = category
    end
    list[#list + 1] = totals
  end
  lists[categories] = list
  return list
end

-- Measured: in a listpack of 90 members an increment of such scores costs 11 µs, in a skiplist 1.7 µs, because a listpack
-- keeps scores as text. Redis turns a set into a skiplist for good when a member is longer than 64 bytes.
local LONG_MEMBER = string.rep('~', 65)

local function addDecayed(key, value, text, article)
  local isNewMember = tonumber(call('ZINCRBY', key, text, article)) == value
  if isNewMember and call('ZCARD', key) == 1 then
    call('ZADD', key, 0, LONG_MEMBER)
    call('ZREM', key, LONG_MEMBER)
  end
end

local function precise(number) return string.format('%.17g', number) end

for _, group in ipairs(groups) do
  local article, reads, slot = group.article, group.reads, group.slot
  local hour = floor(slot / 12)
  local f15 = group.f15 > 0 and precise(group.f15)
  local f60 = group.f60 > 0 and precise(group.f60)
  local pop = group.pop > 0 and precise(group.pop)
  for _, category in ipairs(listOf(group.categories)) do
    -- What comes too late for a window is not added to it: the roller has gone past and would never subtract it.
    if slot >= from24h then
      call('ZINCRBY', category.b5 .. slot, reads, article)
      call('ZINCRBY', category.w24h, reads, article)
      category.n24 = category.n24 + reads
    elseif hour >= from30d then
      call('ZINCRBY', category.bh .. hour, reads, article)
    end
    if slot >= from1h then call('ZINCRBY', category.w1h, reads, article) end
    if hour >= from7d then call('ZINCRBY', category.w7d, reads, article) end
    if hour >= from30d then call('ZINCRBY', category.w30d, reads, article) end
    if f15 then addDecayed(category.f15, group.f15, f15, article) end
    if f60 then addDecayed(category.f60, group.f60, f60, article) end
    if pop then addDecayed(category.pop, group.pop, pop, article) end
    category.t15 = category.t15 + group.f15
    category.t60 = category.t60 + group.f60
  end
  total15 = total15 + group.f15
  total60 = total60 + group.f60
  if not restoring then
    call('HINCRBY', tag .. ':delta', slot .. ':' .. article, reads)
    if group.box > 0 then call('HINCRBY', tag .. ':delta', 'b:' .. slot .. ':' .. article, group.box) end
  end
end

if #names > 0 then
  call('SADD', tag .. ':categories', unpack(names))
  call('SADD', tag .. ':dirty', unpack(names))
  local fields, added = { 't15', 't60' }, { total15, total60 }
  for _, name in ipairs(names) do
    local totals = categoryTotals[name]
    if totals.n24 > 0 then call('HINCRBY', marks, 'n24:' .. name, totals.n24) end
    fields[#fields + 1], added[#added + 1] = 't15:' .. name, totals.t15
    fields[#fields + 1], added[#added + 1] = 't60:' .. name, totals.t60
  end
  -- Not HINCRBYFLOAT: it writes its result without an exponent, hundreds of digits long.
  local before, sums = call('HMGET', marks, unpack(fields)), {}
  for i, field in ipairs(fields) do
    sums[#sums + 1] = field
    sums[#sums + 1] = precise((tonumber(before[i] or 0)) + added[i])
  end
  call('HSET', marks, unpack(sums))
end

for slot, it in pairs(halfHours) do
  if it.changed then
    call('HSET', marks, 'seen:' .. slot, it.entries .. (it.long and ' 1 ' or ' 0 ') .. table.concat(it.layers, ' '))
    local keep = (slot + 1) * SEEN_SLOT - now + (it.long and LONG_KEEP or SHORT_KEEP)
    for key in pairs(it.touched) do call('EXPIRE', key, math.max(1, math.ceil(keep))) end
  end
end

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
