-- Takes what changed in one shard; a change after this is noted again.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- Reply    false while the shard is not restored, else the categories to look at as a whole and the articles that were read
--
-- One script: what is noted between reading and deleting would be lost. What is pending is counted first, so that the counts
-- that are read after this are those of a moment ago. A shard that lost its memory and is not restored yet keeps what it
-- has: its counts are not to be shown.
local call = redis.call
local tag = KEYS[1]
local dirty, changed = tag .. ':dirty', tag .. ':changed'

if call('HEXISTS', tag .. ':marks', 'restored') == 0 then return false end
countPending(tag)
local reply = { call('SMEMBERS', dirty), call('SMEMBERS', changed) }
call('DEL', dirty, changed)
return reply
