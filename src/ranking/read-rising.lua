-- What rising lists need of one shard, decayed to now: the totals of the shard and of categories, or the articles of a
-- category that may be rising.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV     1 now, seconds · 2 'totals' or 'articles' · then for totals: categories · for articles: a category, the least
--          reads with the half-life of 15 minutes, how many articles at most
-- Reply    totals: fast and slow reads (half-lives of 15 and 60 minutes) of the shard, and for each category fast reads,
--          slow reads and articles read within the last hours
--          articles: id, fast reads, slow reads and reads of the last hour of each
--
-- One script, because the landmarks of the scores may move between two commands.
local call = redis.call
local tag, now, wish = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local marks = tag .. ':marks'

local landmarks = call('HMGET', marks, 'L:15', 'L:60')
local exponent15 = (now - tonumber(landmarks[1] or now)) / 900
local exponent60 = (now - tonumber(landmarks[2] or now)) / 3600

local function decayed(score, exponent)
  return string.format('%.17g', tonumber(score or 0) * 2 ^ -exponent)
end

if wish == 'articles' then
  local category, reply = ARGV[3], {}
  local least = string.format('%.17g', tonumber(ARGV[4]) * 2 ^ exponent15)
  local found = call('ZREVRANGEBYSCORE', tag .. ':f15:' .. category, '+inf', least, 'WITHSCORES', 'LIMIT', 0, ARGV[5])
  for i = 1, #found, 2 do
    reply[#reply + 1] = found[i]
    reply[#reply + 1] = decayed(found[i + 1], exponent15)
    reply[#reply + 1] = decayed(call('ZSCORE', tag .. ':f60:' .. category, found[i]), exponent60)
    reply[#reply + 1] = call('ZSCORE', tag .. ':w1h:' .. category, found[i]) or '0'
  end
  return reply
end

local fields = { 't15', 't60' }
for i = 3, #ARGV do
  fields[#fields + 1] = 't15:' .. ARGV[i]
  fields[#fields + 1] = 't60:' .. ARGV[i]
end
local totals = call('HMGET', marks, unpack(fields))
local reply = { decayed(totals[1], exponent15), decayed(totals[2], exponent60) }
-- A sixteenth: what is left of one read after four hours.
local least = string.format('%.17g', 2 ^ (exponent60 - 4))
for i = 3, #ARGV do
  reply[#reply + 1] = decayed(totals[2 * i - 3], exponent15)
  reply[#reply + 1] = decayed(totals[2 * i - 2], exponent60)
  reply[#reply + 1] = call('ZCOUNT', tag .. ':f60:' .. ARGV[i], least, '+inf')
end
return reply
