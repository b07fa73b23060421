-- Gives a shard that has none yet the first bucket of each window. Becomes a part of the scripts that may be its first.
local function openShard(tag, from1h, from24h, from7d, from30d)
  local call, marks = redis.call, tag .. ':marks'
  if call('HEXISTS', marks, 'from:1h') == 1 then return end
  -- The long field makes a real hash of it for good (count.lua).
  local long = string.rep('~', 65)
  call('HSET', marks, long, '', 'from:1h', from1h, 'from:24h', from24h, 'from:7d', from7d, 'from:30d', from30d)
  call('HDEL', marks, long)
end

