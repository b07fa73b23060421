-- The counts of some articles of one shard, each in one category.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV     1 now, seconds · then for each: article · category · half-life of the category's popular list, hours
-- Reply    landmarks of 3 hours and of 6, 12 and 24, seconds, then for each: reads in 1h, 24h, 7d and 30d · popular scores with
--          3 hours and with the half-life that was asked for · reads with half-lives of 15 and 60 minutes, decayed to now;
--          all in one string, which is cheaper to send and to take apart than thousands
--
-- One script, because the landmarks of the scores may move between two commands.
local call = redis.call
local tag, now = KEYS[1], tonumber(ARGV[1])
local saved = call('HMGET', tag .. ':marks', 'L:180', 'L:360', 'L:720', 'L:1440', 'L:15', 'L:60')
local fade15 = 2 ^ ((tonumber(saved[5] or now) - now) / 900)
local fade60 = 2 ^ ((tonumber(saved[6] or now) - now) / 3600)

local reply = {}
for i = 1, 4 do reply[i] = saved[i] or '0' end

local keysOf = {}
local function keysIn(category, hours)
  local name = category .. ':' .. hours
  local keys = keysOf[name]
  if keys then return keys end
  keys = {
    tag .. ':w1h:' .. category, tag .. ':w24h:' .. category, tag .. ':w7d:' .. category, tag .. ':w30d:' .. category,
    tag .. ':pop:' .. category .. ':3',
    hours ~= '3' and tag .. ':pop:' .. name,
    f15 = tag .. ':f15:' .. category, f60 = tag .. ':f60:' .. category,
  }
  keysOf[name] = keys
  return keys
end

local function decayed(score, fade)
  return score and string.format('%.17g', tonumber(score) * fade) or '0'
end

for i = 2, #ARGV, 3 do
  local article, keys, n = ARGV[i], keysIn(ARGV[i + 1], ARGV[i + 2]), #reply
  for k = 1, 5 do reply[n + k] = call('ZSCORE', keys[k], article) or '0' end
  reply[n + 6] = keys[6] and call('ZSCORE', keys[6], article) or reply[n + 5]
  reply[n + 7] = decayed(call('ZSCORE', keys.f15, article), fade15)
  reply[n + 8] = decayed(call('ZSCORE', keys.f60, article), fade60)
end
return table.concat(reply, ' ')
