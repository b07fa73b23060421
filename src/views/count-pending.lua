-- Counts the reads that record.lua has noted as pending. Becomes a part of every script that reads, moves or compares
-- counts, so that whoever looks finds all reads counted.
--
-- `{rN}:pending` holds for `<second>:<article>:<categories>` how many reads there were, behind it `:<class>` where that is
-- not the usual one; `b:<field>`: how many of these came from the box. A read says nothing more than this, and nothing of
-- it depends on what stands in the shard: it may be counted at any later time, as a read that is reported late may.

-- `reads` are of the form { second, article, categories, reads, box, class }.
local function countReads(tag, reads)
  -- Stands for the present where it is asked whether a read is too old to have a weight.
  local newest = 0
  for i = 1, #reads do newest = math.max(newest, reads[i][1]) end
  local counts = openCounts(tag, newest)
  local moments, bySlots = {}, {}
  for i = 1, #reads do
    local it = reads[i]
    local second, place = it[1], it[2] .. ':' .. it[3]
    local moment = moments[second] or counts.moment(second)
    moments[second] = moment
    local bySlot = bySlots[place] or {}
    bySlots[place] = bySlot
    counts.add(bySlot, it[2], it[3], moment, it[4], it[5], it[6])
  end
  counts.write(false)
end

local function countPending(tag)
  local call, match = redis.call, string.match
  local pending = tag .. ':pending'
  local fields, reads, box = call('HGETALL', pending), {}, {}
  if #fields == 0 then return end
  call('DEL', pending)
  for i = 1, #fields, 2 do
    local field = match(fields[i], '^b:(.*)$')
    if field then box[field] = tonumber(fields[i + 1]) end
  end
  for i = 1, #fields, 2 do
    local second, article, categories, class = match(fields[i], '^(%d+):([^:]+):([^:]+)(.*)$')
    if second then
      reads[#reads + 1] =
        { tonumber(second), article, categories, tonumber(fields[i + 1]), box[fields[i]] or 0, class }
    end
  end
  countReads(tag, reads)
end

