-- Takes one request from the budget of each host named, or stops them for a while. A budget is a single number, the time
-- at which it would be full again (GCRA): a burst may spend all of it, after which one request comes free each interval.
-- One script, since two pollers that read before either writes would both go ahead; many hosts a call, since a call
-- costs its sender more than a fetch that finds nothing new may.
-- KEYS[n] string: the time (ms) at which the host's budget is whole again; expires then. May come more than once.
-- ARGV[1] now (ms)  ARGV[2] interval between requests (ms)  ARGV[3] burst (ms)  ARGV[4] stop for this long (ms), 0 to take
-- Reply: for each key ms to wait; 0 = go
local now = tonumber(ARGV[1])
local interval = tonumber(ARGV[2])
local burst = tonumber(ARGV[3])
local stop = tonumber(ARGV[4])
local waits = {}
for i, key in ipairs(KEYS) do
  local full = math.max(tonumber(redis.call('GET', key) or '0') or 0, now)
  local wait = 0
  if stop > 0 then
    -- After a stop the host starts with one request at a time, not with a burst.
    full = math.max(full, now + stop + burst - interval)
    wait = stop
  else
    wait = math.max(0, full + interval - burst - now)
    if wait == 0 then
      full = full + interval
    end
  end
  if stop > 0 or wait == 0 then
    redis.call('SET', key, string.format('%.0f', full), 'PX', math.max(1, math.ceil(full - now)))
  end
  waits[i] = math.ceil(wait)
end
return waits
