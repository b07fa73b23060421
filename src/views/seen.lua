-- Dedupe: which visitors a shard has seen in which half-hour. Becomes a part of record.lua, because a read that is known
-- here but not counted (or the other way round) could never be put right.
--
-- `{rN}:seen:<half-hour>:<part>` are sets of hashes, small enough to stay intsets. A half-hour's parts lie in layers: the
-- first layer is sized by the half-hour before, and when it is full a layer three times all earlier ones is opened. marks
-- keeps `seen:<half-hour>` = `<entries> <1: kept long> <parts> <parts>…`.
local function openSeen(tag, now)
  local call, floor, ceil, max, sub = redis.call, math.floor, math.ceil, math.max, string.sub
  local marks = tag .. ':marks'
  local SLOT = 1800
  -- A part takes 256 hashes on average, so that chance never brings one to 400 (9 standard deviations).
  local PART_ENTRIES = 256
  -- Growth of up to 40 % from one half-hour to the next needs no new layer.
  local EXPECTED_ENTRIES = 180
  local SHORT_KEEP, LONG_KEEP = 3600, 176400

  local seen, halfHours = {}, {}

  local function open(slot)
    local it = { prefix = tag .. ':seen:' .. slot .. ':', entries = 0, long = false, layers = {}, parts = 0, keys = {},
      touched = {}, changed = false }
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

  local function keyOf(it, part)
    local key = it.keys[part]
    if not key then
      key = it.prefix .. part
      it.keys[part] = key
    end
    return key
  end

  -- Looks through the first `depth` layers; answers the number of the part after them.
  local function find(it, hash, digits, depth)
    local base = 0
    for layer = 1, depth do
      local parts = it.layers[layer]
      if call('SISMEMBER', keyOf(it, base + digits % parts), hash) == 1 then return nil end
      base = base + parts
    end
    return base
  end

  -- The last seven digits spread well enough over parts; Lua's numbers could not hold the whole hash.
  local function digitsOf(hash) return tonumber(sub(hash, -7)) end

  -- '1' for a read that counts, '0' for a duplicate, '2' where it is new but its network has given enough already.
  function seen.judge(at, hash, hashBefore, isNamed, isFull)
    local slot = floor(at / SLOT)
    local before, digits = halfHours[slot - 1] or open(slot - 1), digitsOf(hash)
    if before.parts > 0 then
      local old, oldDigits = hash, digits
      if hashBefore then old, oldDigits = hashBefore, digitsOf(hashBefore) end
      if not find(before, old, oldDigits, #before.layers) then return '0' end
    end

    local it = halfHours[slot] or open(slot)
    if it.parts == 0 then openLayer(it, max(1, ceil(before.entries / EXPECTED_ENTRIES))) end
    local layers = it.layers
    local base = find(it, hash, digits, #layers - 1)
    if not base then return '0' end
    local key = keyOf(it, base + digits % layers[#layers])
    if isFull then return call('SISMEMBER', key, hash) == 1 and '0' or '2' end
    if call('SADD', key, hash) == 0 then return '0' end

    it.touched[key] = true
    it.entries = it.entries + 1
    it.changed = true
    it.long = it.long or isNamed
    if it.entries >= it.parts * PART_ENTRIES then openLayer(it, 3 * it.parts) end
    return '1'
  end

  function seen.write()
    for slot, it in pairs(halfHours) do
      if it.changed then
        call('HSET', marks, 'seen:' .. slot, it.entries .. (it.long and ' 1 ' or ' 0 ') .. table.concat(it.layers, ' '))
        local keep = (slot + 1) * SLOT - now + (it.long and LONG_KEEP or SHORT_KEEP)
        keep = string.format('%d', max(1, ceil(keep)))
        for key in pairs(it.touched) do call('EXPIRE', key, keep) end
      end
    end
  end

  return seen
end

