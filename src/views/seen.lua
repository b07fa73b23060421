-- Dedupe: which visitors a shard has seen in which half-hour. Becomes a part of record.lua, because a read that is known
-- here but not noted (or the other way round) could never be put right.
--
-- `{rN}:seen:<half-hour>:<part>` are sets of hashes, small enough to stay intsets. A half-hour's parts lie in layers: the
-- first layer is sized by the half-hour before, and when it is full a layer three times all earlier ones is opened. marks
-- keeps `seen:<half-hour>` = `<entries> <1: kept long> <parts> <parts>…`.
local function openSeen(tag, now)
  local call, byte, ceil, format, max = redis.call, string.byte, math.ceil, string.format, math.max
  local marks = tag .. ':marks'
  local SLOT = 1800
  -- A part takes 256 hashes on average, so that chance never brings one to 400 (9 standard deviations).
  local PART_ENTRIES = 256
  -- Growth of up to 40 % from one half-hour to the next needs no new layer.
  local EXPECTED_ENTRIES = 180
  local SHORT_KEEP, LONG_KEEP = 3600, 176400
  -- Once a layer has so many entries a part, each of its parts has some (that one has none is a chance of 1 in 10^12 at
  -- worst), and was told with the first of them when to expire. To tell it with each read would be a quarter of its cost.
  local NEW_ENTRIES = 64

  local seen, halfHours = {}, {}

  local function read(slot)
    local name = tag .. ':seen:' .. slot .. ':%d'
    local it = { slot = slot, entries = 0, long = false, layers = {}, parts = 0, touched = {}, changed = false,
      -- To print a whole number costs half of what it costs to append it.
      keys = setmetatable({}, { __index = function(keys, part)
        keys[part] = format(name, part)
        return keys[part]
      end }) }
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

  -- The half-hour of that number, with the one before it.
  function seen.open(slot)
    local it = halfHours[slot] or read(slot)
    it.before = it.before or halfHours[slot - 1] or read(slot - 1)
    return it
  end

  local function openLayer(it, parts)
    it.layers[#it.layers + 1] = parts
    it.parts = it.parts + parts
    it.changed = true
  end

  -- The last five digits spread well enough over parts; Lua's numbers could not hold the whole hash. As bytes, because to
  -- cut a piece off a text and make a number of it costs three times as much.
  local function digitsOf(hash)
    local a, b, c, d, e = byte(hash, -5, -1)
    return e and (((a * 10 + b) * 10 + c) * 10 + d) * 10 + e or a
  end

  -- '1' for a read that counts, '0' for a duplicate, '2' where it is new but its network has given enough already. A third
  -- of what a read costs is here, so that layers are looked through in place.
  function seen.judge(it, hash, hashBefore, isNamed, isFull)
    local before, digits = it.before, digitsOf(hash)
    local old, oldDigits = hash, digits
    if hashBefore then old, oldDigits = hashBefore, digitsOf(hashBefore) end
    local base, layers, keys = 0, before.layers, before.keys
    for layer = 1, #layers do
      local parts = layers[layer]
      if call('SISMEMBER', keys[base + oldDigits % parts], old) == 1 then return '0' end
      base = base + parts
    end

    if it.parts == 0 then openLayer(it, max(1, ceil(before.entries / EXPECTED_ENTRIES))) end
    base, layers, keys = 0, it.layers, it.keys
    local last = #layers
    for layer = 1, last - 1 do
      local parts = layers[layer]
      if call('SISMEMBER', keys[base + digits % parts], hash) == 1 then return '0' end
      base = base + parts
    end
    local key = keys[base + digits % layers[last]]
    if isFull then return call('SISMEMBER', key, hash) == 1 and '0' or '2' end
    if call('SADD', key, hash) == 0 then return '0' end

    local entries = it.entries + 1
    it.entries, it.changed, it.last = entries, true, key
    if isNamed then it.long = true end
    if isNamed or entries - PART_ENTRIES * base < NEW_ENTRIES * layers[last] then it.touched[key] = true end
    if entries >= it.parts * PART_ENTRIES then openLayer(it, 3 * it.parts) end
    return '1'
  end

  -- Whether sets of the half-hour may be gone before its visitors need no longer be known, or would stay for ever: they were
  -- told when to expire by a clock that was ahead, or had expired and were made anew after one was set back.
  local function isMistold(slot, it)
    return it.last and not next(it.touched) and call('TTL', it.last) < (slot + 2) * SLOT - now
  end

  function seen.write()
    for slot, it in pairs(halfHours) do
      if it.changed then
        call('HSET', marks, 'seen:' .. slot, it.entries .. (it.long and ' 1 ' or ' 0 ') .. table.concat(it.layers, ' '))
        local keep = (slot + 1) * SLOT - now + (it.long and LONG_KEEP or SHORT_KEEP)
        keep = format('%d', max(1, ceil(keep)))
        if isMistold(slot, it) then
          for part = 0, it.parts - 1 do it.touched[it.keys[part]] = true end
        end
        for key in pairs(it.touched) do call('EXPIRE', key, keep) end
      end
    end
  end

  return seen
end

