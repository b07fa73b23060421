-- Adds archived counts to a shard that is being restored.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV     1    now, seconds
--          2-5  first bucket of the windows 1h, 24h, 7d, 30d, for a shard that has none yet
--          6-7  the progress that the caller expects, the progress to set ('done': finished)
--          then for each row: article · its categories joined by ',' · when it was, seconds · reads · box reads among them
-- Reply    the progress that now stands; nothing was written unless it is ARGV[7]
local call = redis.call
local tag, now = KEYS[1], tonumber(ARGV[1])
local marks = tag .. ':marks'

local saved = call('HMGET', marks, 'restored', 'restoring')
if saved[1] then return 'done' end
if (saved[2] or '') ~= ARGV[6] then return saved[2] or '' end

openShard(tag, ARGV[2], ARGV[3], ARGV[4], ARGV[5])
local counts, bySlots = openCounts(tag, now), {}
for i = 8, #ARGV, 5 do
  local article, categories = ARGV[i], ARGV[i + 1]
  local place = article .. ':' .. categories
  bySlots[place] = bySlots[place] or {}
  counts.add(bySlots[place], article, categories, counts.moment(tonumber(ARGV[i + 2])), tonumber(ARGV[i + 3]),
    tonumber(ARGV[i + 4]), '')
end
counts.write(true)

if ARGV[7] == 'done' then
  call('HSET', marks, 'restored', ARGV[1])
  call('HDEL', marks, 'restoring')
else
  call('HSET', marks, 'restoring', ARGV[7])
end
return ARGV[7]
