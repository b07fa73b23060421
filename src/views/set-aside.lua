-- Sets a shard's delta aside for the archive, or finds what was set aside before and never finished.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV[1]  a new batch id
-- Reply    the id of the batch that is aside, or nil where there is nothing to archive
--
-- A shard that is not restored keeps its delta: what PostgreSQL holds of it must stay as it is until it has been read.
local call = redis.call
local tag = KEYS[1]
local delta, aside = tag .. ':delta', tag .. ':archiving'

local unfinished = call('HGET', aside, 'id')
if unfinished then return unfinished end
if call('HEXISTS', tag .. ':marks', 'restored') == 0 then return nil end
countPending(tag)
if call('EXISTS', delta) == 0 then return nil end
call('RENAME', delta, aside)
call('HSET', aside, 'id', ARGV[1])
return ARGV[1]
