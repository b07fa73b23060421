-- Compares the sum of a category's reads of 24 hours in one shard with the reads of its articles.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV     1 category · 2 '1' to set what is wrong
-- Reply    1 when it was wrong
local call = redis.call
local marks, field = KEYS[1] .. ':marks', 'n24:' .. ARGV[1]
if call('HEXISTS', marks, 'restored') == 0 then return 0 end
local sum = 0
local members = call('ZRANGE', KEYS[1] .. ':w24h:' .. ARGV[1], 0, -1, 'WITHSCORES')
for i = 2, #members, 2 do sum = sum + tonumber(members[i]) end
if tonumber(call('HGET', marks, field) or 0) == sum then return 0 end
if ARGV[2] == '1' then call('HSET', marks, field, sum) end
return 1
