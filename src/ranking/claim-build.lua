-- One builder at a time: two that publish at once could leave the older list standing. The caller also learns whether
-- another one built since its own last build, in which case what it remembers is no longer true.
-- One script, since looking and taking must not be parted. The time is Redis's own, so that clocks need not agree.
-- KEYS[1] hash: owner, until (ms)
-- ARGV[1] who asks  ARGV[2] for how many ms; 0 gives back what was taken
-- Reply: 'busy' | 'mine' (nobody else built since) | 'other' (somebody did) | 'nobody' (Redis knows of no builder)
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local held = redis.call('HMGET', KEYS[1], 'owner', 'until')
local owner = held[1]
if owner and owner ~= ARGV[1] and (tonumber(ARGV[2]) == 0 or tonumber(held[2]) > now) then
  return 'busy'
end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', string.format('%.0f', now + tonumber(ARGV[2])))
if not owner then
  return 'nobody'
end
return owner == ARGV[1] and 'mine' or 'other'
