-- What rising lists need of one shard, decayed to now: the totals of the shard and of categories, or the articles of
-- categories that may be rising.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV     1 now, seconds · 2 'totals' or 'articles' · then for totals: categories · for articles: the least reads with the
--          half-life of 15 minutes, how many articles at most, how many of the first category to pass over, categories
-- Reply    totals: fast and slow reads (half-lives of 15 and 60 minutes) of the shard, and for each category slow reads and
--          articles read within the last hours
--          articles: how many categories were looked at as a whole, how many articles of the next one; then lines of
--          how many there are of each category, and of id, fast reads, slow reads and reads of the last hour of each
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
  local least = string.format('%.17g', tonumber(ARGV[3]) * 2 ^ exponent15)
  local left, passed = tonumber(ARGV[4]), tonumber(ARGV[5])
  local sizes, rows, done = {}, {}, 0
  for i = 6, #ARGV do
    local category = ARGV[i]
    local f60, w1h = tag .. ':f60:' .. category, tag .. ':w1h:' .. category
    local found =
      call('ZREVRANGEBYSCORE', tag .. ':f15:' .. category, '+inf', least, 'WITHSCORES', 'LIMIT', passed, left)
    for j = 1, #found, 2 do
      local n = #rows
      rows[n + 1] = found[j]
      rows[n + 2] = decayed(found[j + 1], exponent15)
      rows[n + 3] = decayed(call('ZSCORE', f60, found[j]), exponent60)
      rows[n + 4] = call('ZSCORE', w1h, found[j]) or '0'
    end
    sizes[#sizes + 1] = #found / 2
    left, passed = left - #found / 2, passed + #found / 2
    if left <= 0 then break end
    done, passed = done + 1, 0
  end
  return { done, passed, table.concat(sizes, ' '), table.concat(rows, ' ') }
end

local fields = { 't15', 't60' }
for i = 3, #ARGV do fields[i] = 't60:' .. ARGV[i] end
local totals = call('HMGET', marks, unpack(fields))
local reply = { decayed(totals[1], exponent15), decayed(totals[2], exponent60) }
-- A sixteenth: what is left of one read after four hours.
local least = string.format('%.17g', 2 ^ (exponent60 - 4))
for i = 3, #ARGV do
  reply[#reply + 1] = decayed(totals[i], exponent60)
  reply[#reply + 1] = call('ZCOUNT', tag .. ':f60:' .. ARGV[i], least, '+inf')
end
return table.concat(reply, ' ')
