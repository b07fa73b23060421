-- Counting: buckets, windows, decayed scores, totals and the delta that the archive takes. Becomes a part of the scripts
-- that count (count-pending.lua, restore.lua). A shard has marks from:<window> before anything is counted in it.
-- Categories in which little is read have popular scores of a longer half-life beside those of 3 hours; which ones says
-- the mark H:<category> (half-lives.ts).
--
-- Reads of one article and slot are added up first and written once: many are full of what everybody reads. What counting
-- costs Redis is mostly the sorted sets (about 1 µs an increment).
local function openCounts(tag, now)
  local call, floor, format = redis.call, math.floor, string.format
  local marks, delta = tag .. ':marks', tag .. ':delta'
  local LANDMARKS = { 'L:15', 'L:60', 'L:180', 'L:360', 'L:720', 'L:1440' }

  local starts = call('HMGET', marks, 'from:1h', 'from:24h', 'from:7d', 'from:30d')
  local from1h, from24h, from7d, from30d =
    tonumber(starts[1]), tonumber(starts[2]), tonumber(starts[3]), tonumber(starts[4])
  local landmarks = call('HMGET', marks, unpack(LANDMARKS))
  for i, field in ipairs(LANDMARKS) do
    if not landmarks[i] then
      landmarks[i] = format('%d', floor(now))
      call('HSET', marks, field, landmarks[i])
    end
  end
  local landmark15, landmark60, landmark180 = tonumber(landmarks[1]), tonumber(landmarks[2]), tonumber(landmarks[3])
  local slowLandmarks = { [6] = tonumber(landmarks[4]), [12] = tonumber(landmarks[5]), [24] = tonumber(landmarks[6]) }

  -- Articles that a shard notes as changed, before whole categories are: nobody looks while no ranker runs.
  local MAX_CHANGED = 4000

  local counts, groups = {}, {}
  local totalsOf, names, lists = {}, {}, {}

  -- 0 for what no list would show any more, and for what would overflow before the roller moves the landmark.
  local function weight(at, landmark, halfLife)
    local exponent = (at - landmark) / halfLife
    if now - at > 20 * halfLife or exponent > 900 then return 0 end
    return 2 ^ exponent
  end

  -- As text that gives the same number back. To make it costs 0.4 µs, and most of a batch weigh alike: those that were read
  -- once at the same moment.
  local texts = {}

  local function precise(number)
    local text = texts[number]
    if not text then
      text = format('%.17g', number)
      texts[number] = text
    end
    return text
  end

  -- A set becomes a skiplist for good when a member is longer than 64 bytes, and a hash likewise a real one (addToDelta).
  local LONG_MEMBER = string.rep('~', 65)

  -- Adds to a decayed score. Its set is made a skiplist when it is new: in a listpack of 90 members an increment of such
  -- scores costs 11 µs, in a skiplist 1.7 µs, because a listpack keeps scores as text. It takes five times the memory, so
  -- the windows and their many buckets, whose counts are short, stay as they are.
  local function addScore(key, text, article)
    if call('ZINCRBY', key, text, article) ~= text or call('ZCARD', key) > 1 then return end
    call('ZADD', key, 0, LONG_MEMBER)
    call('ZREM', key, LONG_MEMBER)
  end

  local function totalsFor(category)
    local totals = { n24 = 0, t15 = 0, t60 = 0, b5 = {}, bh = {},
      w1h = tag .. ':w1h:' .. category, w24h = tag .. ':w24h:' .. category,
      w7d = tag .. ':w7d:' .. category, w30d = tag .. ':w30d:' .. category,
      f15 = tag .. ':f15:' .. category, f60 = tag .. ':f60:' .. category, pop = tag .. ':pop:' .. category .. ':3' }
    for hours in string.gmatch(call('HGET', marks, 'H:' .. category) or '', '%d+') do
      totals.slow = totals.slow or {}
      totals.slow[tonumber(hours)] = tag .. ':pop:' .. category .. ':' .. hours
    end
    local b5, bh = tag .. ':b5:' .. category .. ':', tag .. ':bh:' .. category .. ':'
    setmetatable(totals.b5, { __index = function(keys, at) keys[at] = b5 .. at return keys[at] end })
    setmetatable(totals.bh, { __index = function(keys, at) keys[at] = bh .. at return keys[at] end })
    totalsOf[category] = totals
    names[#names + 1] = category
    return totals
  end

  local function listOf(categories)
    local list = { slow = {} }
    for category in string.gmatch(categories, '[^,]+') do
      local totals = totalsOf[category] or totalsFor(category)
      list[#list + 1] = totals
      for hours in pairs(totals.slow or {}) do list.slow[hours] = true end
    end
    lists[categories] = list
    return list
  end

  -- When a read was, with its slot and what it weighs then.
  function counts.moment(at)
    return { at = at, slot = floor(at / 300), weight15 = weight(at, landmark15, 900),
      weight60 = weight(at, landmark60, 3600), weight180 = weight(at, landmark180, 10800) }
  end

  -- `bySlot` is a table of its own for each (article, categories), empty at first.
  local function groupOf(bySlot, article, categories, slot)
    local group = bySlot[slot]
    if not group then
      group = { article = article, categories = categories, slot = slot, reads = 0, box = 0, f15 = 0, f60 = 0, pop = 0 }
      bySlot[slot] = group
      groups[#groups + 1] = group
    end
    return group
  end

  -- Adds reads of one article and moment.
  function counts.add(bySlot, article, categories, moment, reads, box, class)
    local group, weighed = groupOf(bySlot, article, categories, moment.slot), reads - box + box / 4
    group.reads = group.reads + reads
    group.box = group.box + box
    group.f15 = group.f15 + reads * moment.weight15
    group.f60 = group.f60 + reads * moment.weight60
    group.pop = group.pop + weighed * moment.weight180
    for hours in pairs((lists[categories] or listOf(categories)).slow) do
      group.slow = group.slow or {}
      group.slow[hours] = (group.slow[hours] or 0) + weighed * weight(moment.at, slowLandmarks[hours], hours * 3600)
    end
    if class ~= '' then
      local classes = group.classes or {}
      group.classes = classes
      local counted = classes[class] or { reads = 0, box = 0 }
      classes[class] = counted
      counted.reads, counted.box = counted.reads + reads, counted.box + box
    end
  end

  local slotTexts = {}

  local function slotText(at)
    local text = slotTexts[at]
    if not text then
      text = at .. ':'
      slotTexts[at] = text
    end
    return text
  end

  local function addToDelta(group, reads)
    local field, usual, usualBox = slotText(group.slot) .. group.article, group.reads, group.box
    if group.classes then
      for class, counted in pairs(group.classes) do
        usual, usualBox = usual - counted.reads, usualBox - counted.box
        call('HINCRBY', delta, field .. class, counted.reads)
        if counted.box > 0 then call('HINCRBY', delta, 'b:' .. field .. class, counted.box) end
      end
      if usual == 0 then return end
      reads = usual
    end
    if call('HINCRBY', delta, field, reads) == usual and call('HLEN', delta) == 1 then
      call('HSET', delta, LONG_MEMBER, '')
      call('HDEL', delta, LONG_MEMBER)
    end
    if usualBox > 0 then call('HINCRBY', delta, 'b:' .. field, usualBox) end
  end

  -- Lua hands over so many values in one call, and some more: a site may have thousands of categories.
  local MAX_VALUES = 6000

  local function addAll(key, members)
    for from = 1, #members, MAX_VALUES do
      call('SADD', key, unpack(members, from, math.min(#members, from + MAX_VALUES - 1)))
    end
  end

  -- What the ranker looks at: the articles that were read; where these are too many, their categories.
  local function noteChanged(isArchived)
    local changed, members = tag .. ':changed', {}
    if isArchived or call('SCARD', changed) > MAX_CHANGED then return addAll(tag .. ':dirty', names) end
    for i = 1, #groups do members[i] = groups[i].article .. ' ' .. groups[i].categories end
    addAll(changed, members)
  end

  local function addTotals(fields, added)
    -- Not HINCRBYFLOAT: it writes its result without an exponent, hundreds of digits long.
    local before, sums = call('HMGET', marks, unpack(fields)), {}
    for i = 1, #fields do
      if added[i] > 0 then
        sums[#sums + 1] = fields[i]
        sums[#sums + 1] = precise(tonumber(before[i] or 0) + added[i])
      end
    end
    if #sums > 0 then call('HSET', marks, unpack(sums)) end
  end

  local function writeTotals(total15, total60)
    addAll(tag .. ':categories', names)
    local fields, added = { 't15', 't60' }, { total15, total60 }
    for i = 1, #names do
      local name = names[i]
      local totals, n = totalsOf[name], #fields
      fields[n + 1], fields[n + 2], fields[n + 3] = 't15:' .. name, 't60:' .. name, 'n24:' .. name
      added[n + 1], added[n + 2], added[n + 3] = totals.t15, totals.t60, totals.n24
      if i == #names or 2 * #fields >= MAX_VALUES then
        addTotals(fields, added)
        fields, added = {}, {}
      end
    end
  end

  -- Writes what was added; to the delta only what the archive does not have already.
  function counts.write(isArchived)
    local total15, total60 = 0, 0
    for i = 1, #groups do
      local group = groups[i]
      local article, count, at = group.article, group.reads, group.slot
      local hour, reads = floor(at / 12), precise(count)
      local f15, f60, pop = group.f15, group.f60, group.pop
      local f15Text, f60Text, popText = f15 > 0 and precise(f15), f60 > 0 and precise(f60), pop > 0 and precise(pop)
      local list = lists[group.categories]
      for j = 1, #list do
        local category = list[j]
        -- What comes too late for a window is not added to it: the roller has gone past and would never subtract it.
        if at >= from24h then
          call('ZINCRBY', category.b5[at], reads, article)
          call('ZINCRBY', category.w24h, reads, article)
          category.n24 = category.n24 + count
        elseif hour >= from30d then
          call('ZINCRBY', category.bh[hour], reads, article)
        end
        if at >= from1h then call('ZINCRBY', category.w1h, reads, article) end
        if hour >= from7d then call('ZINCRBY', category.w7d, reads, article) end
        if hour >= from30d then call('ZINCRBY', category.w30d, reads, article) end
        if f15Text then addScore(category.f15, f15Text, article) end
        if f60Text then addScore(category.f60, f60Text, article) end
        if popText then addScore(category.pop, popText, article) end
        if category.slow then
          for hours, key in pairs(category.slow) do
            if group.slow[hours] > 0 then addScore(key, precise(group.slow[hours]), article) end
          end
        end
        category.t15 = category.t15 + f15
        category.t60 = category.t60 + f60
      end
      total15, total60 = total15 + f15, total60 + f60
      if not isArchived then addToDelta(group, reads) end
    end
    if #names == 0 then return end
    writeTotals(total15, total60)
    noteChanged(isArchived)
  end

  return counts
end

