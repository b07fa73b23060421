-- Keeps the decayed scores of one half-life in one shard small and far from overflow: members that have decayed to
-- nothing are removed, and the landmark moves when scores grow large.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV     1 now, seconds · 2 half-life, minutes · 3 and 4 what stands before and after the category in the sets' names ·
--          5 the total's field in marks ('' for none)
-- Reply    1 when the landmark was moved
--
-- All sets that share a landmark must change with it at once. The landmark moves by whole half-lives, so that the factor
-- is a power of two and every score stays exact: order and ratio do not change by a bit.
local call, floor = redis.call, math.floor
local tag, now, halfLife = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local marks, field = tag .. ':marks', 'L:' .. ARGV[2]

-- Dedupe parts of half-hours whose sets have expired (the longest are kept 49 hours and a half).
for _, name in ipairs(call('HKEYS', marks)) do
  local slot = string.match(name, '^seen:(%d+)$')
  if slot and now > tonumber(slot) * 1800 + 184000 then call('HDEL', marks, name) end
end

local landmark = tonumber(call('HGET', marks, field) or nil)
if not landmark then return 0 end
local exponent = (now - landmark) / (halfLife * 60)
local categories = call('SMEMBERS', tag .. ':categories')
-- Beyond 2^1023 this prints `inf`: then everything in the set is nothing.
local nothing = string.format('%.17g', 2 ^ (exponent - 20))
for _, category in ipairs(categories) do
  call('ZREMRANGEBYSCORE', tag .. ARGV[3] .. category .. ARGV[4], '-inf', '(' .. nothing)
end
if exponent <= 400 then return 0 end

local steps = floor(exponent)
local factor = string.format('%.17g', 2 ^ -steps)
for _, category in ipairs(categories) do
  local key = tag .. ARGV[3] .. category .. ARGV[4]
  if call('EXISTS', key) == 1 then call('ZUNIONSTORE', key, 1, key, 'WEIGHTS', factor) end
  local total = ARGV[5] ~= '' and call('HGET', marks, ARGV[5] .. ':' .. category)
  if total then call('HSET', marks, ARGV[5] .. ':' .. category, string.format('%.17g', tonumber(total) * 2 ^ -steps)) end
end
local total = ARGV[5] ~= '' and call('HGET', marks, ARGV[5])
if total then call('HSET', marks, ARGV[5], string.format('%.17g', tonumber(total) * 2 ^ -steps)) end
call('HSET', marks, field, string.format('%d', landmark + steps * halfLife * 60))
return 1
