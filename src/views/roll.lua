-- Moves the start of one window of one shard forward, as far as its budget goes: what is in a bucket that has left the
-- window is subtracted from it.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV     1 window: 1h, 24h, 7d or 30d · 2 the first bucket that shall stay in it · 3 budget: members and look-ups
-- Reply    members that were subtracted · 1 when there is more to do, 0 when the window is where it should be
--
-- A bucket is set aside as `out:<window>:<category>` in the same script that moves the watermark `from:<window>` past
-- it; from then on count.lua adds nothing of that bucket to the window. Members are popped off what was set aside while
-- they are subtracted, so that progress and effect are one and a crash between two calls loses and doubles nothing.
-- 1h and 7d copy their bucket, because a longer window still needs it. 24h takes the 5-minute bucket away and carries
-- it into its hour; 30d takes the hour away. A window never overtakes the one that needs the same bucket before it.
local call, floor = redis.call, math.floor
local tag, window = KEYS[1], ARGV[1]
local target, budget = tonumber(ARGV[2]), tonumber(ARGV[3])
local marks = tag .. ':marks'

local saved = call('HMGET', marks, 'from:1h', 'from:24h', 'from:7d')
local from = tonumber(call('HGET', marks, 'from:' .. window) or nil)
if not from then return { 0, 0 } end

local bucket = (window == '1h' or window == '24h') and ':b5:' or ':bh:'
local copies = window == '1h' or window == '7d'
if window == '24h' then target = math.min(target, tonumber(saved[1])) end
-- The hour of the slot that 24h took last may not be carried completely yet.
if window == '7d' then target = math.min(target, floor((tonumber(saved[2]) - 1) / 12)) end
if window == '30d' then target = math.min(target, tonumber(saved[3])) end

local categories = call('SMEMBERS', tag .. ':categories')
local windows = {}
for i, category in ipairs(categories) do windows[i] = tag .. ':w' .. window .. ':' .. category end
local subtracted = 0

local function drain(category)
  local out = tag .. ':out:' .. window .. ':' .. category
  local popped = call('ZPOPMIN', out, budget)
  if #popped == 0 then return end
  local key, reads = tag .. ':w' .. window .. ':' .. category, 0
  local hour = window == '24h' and tag .. ':bh:' .. category .. ':' .. floor((from - 1) / 12)
  for i = 1, #popped, 2 do
    call('ZINCRBY', key, '-' .. popped[i + 1], popped[i])
    if hour then call('ZINCRBY', hour, popped[i + 1], popped[i]) end
    reads = reads + tonumber(popped[i + 1])
  end
  call('ZREMRANGEBYSCORE', key, '-inf', 0)
  if window == '24h' then call('HINCRBY', marks, 'n24:' .. category, -reads) end
  call('SADD', tag .. ':dirty', category)
  budget = budget - #popped / 2
  subtracted = subtracted + #popped / 2
end

local function drainAll()
  for _, category in ipairs(categories) do
    if budget <= 0 then return end
    drain(category)
  end
end

-- An empty window has no bucket left with anything in it: after a long pause that saves looking at thousands of them.
local function skipIfEmpty()
  if from >= target then return end
  for _, key in ipairs(windows) do
    if call('EXISTS', key) == 1 then return end
  end
  from = target
  call('HSET', marks, 'from:' .. window, from)
end

drainAll()
if budget > 0 then skipIfEmpty() end
while budget > 0 and from < target do
  local subtractedBefore = subtracted
  for _, category in ipairs(categories) do
    local key, out = tag .. bucket .. category .. ':' .. from, tag .. ':out:' .. window .. ':' .. category
    if copies then
      call('COPY', key, out)
    elseif call('EXISTS', key) == 1 then
      call('RENAME', key, out)
    end
  end
  from = from + 1
  call('HSET', marks, 'from:' .. window, from)
  budget = budget - #categories - 1
  drainAll()
  if budget > 0 and subtracted > subtractedBefore then skipIfEmpty() end
end
return { subtracted, (budget <= 0 or from < target) and 1 or 0 }
