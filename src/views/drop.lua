-- Drops what was set aside, once PostgreSQL has it.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV[1]  the batch id
-- Reply    1 when it was dropped, 0 when another archiver did so before (what is aside now may be the next batch)
local aside = KEYS[1] .. ':archiving'
if redis.call('HGET', aside, 'id') ~= ARGV[1] then return 0 end
return redis.call('UNLINK', aside)
