-- Opens a recount of articles in one shard: from now on only the recount with this token may write there, so that one
-- that was held up and given up can do no harm when it goes on.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV[1]  the token
-- Reply    nil where the shard is not restored, else the id of the batch that is on its way to the archive, '' for none
local call = redis.call
local marks = KEYS[1] .. ':marks'
if call('HEXISTS', marks, 'restored') == 0 then return nil end
call('HSET', marks, 'recounting', ARGV[1])
return call('HGET', KEYS[1] .. ':archiving', 'id') or ''
