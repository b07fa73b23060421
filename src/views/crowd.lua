-- Damping: how much of an article's reads one address and one network may give (network.ts). Becomes the first part of
-- record.lua, so that a read is weighed, known to dedupe and noted in one step: a duplicate uses nothing up, and what
-- is refused is not remembered.
--
-- Only reads with an origin are weighed: the first few of an address have none, so that nearly all reads cost nothing
-- here. `{rN}:crowd:<half-hour>` counts them, by the hashes of (address, article) and of (network, article), eight
-- characters each, and under the article all of them together. The rest of an article's reads of the last hour came from
-- many places: the more that is, the more may come from one.
local function openCrowds(tag, now, cap)
  local call, floor, max, sub = redis.call, math.floor, math.max, string.sub
  local crowds = {}
  -- The first reads of the network itself may be among those that were not weighed.
  local UNWEIGHED = 6

  local function keyOf(slot) return tag .. ':crowd:' .. slot end

  -- Reads of the last hour that were not weighed.
  local function scattered(slot, article, category)
    countPending(tag)
    local reads = tonumber(call('ZSCORE', tag .. ':w1h:' .. category, article) or 0)
    for before = slot - 2, slot do reads = reads - tonumber(call('HGET', keyOf(before), article) or 0) end
    return max(0, reads - UNWEIGHED)
  end

  -- Whether one more read goes beyond what its address or network may give, and whether it comes near that.
  function crowds.weigh(slot, article, category, origin)
    local counts = call('HMGET', keyOf(slot), sub(origin, 1, 8), sub(origin, 9))
    local own, near = tonumber(counts[1] or 0), tonumber(counts[2] or 0)
    local isCrowded = own * 4 >= cap or near * 4 >= 3 * cap
    if own < cap and near < 3 * cap then return false, isCrowded end
    local others = scattered(slot, article, category)
    return own >= cap + floor(others / 8) or near >= 3 * cap + floor(others / 4), isCrowded
  end

  function crowds.add(slot, article, origin)
    local key = keyOf(slot)
    call('HINCRBY', key, sub(origin, 1, 8), 1)
    call('HINCRBY', key, sub(origin, 9), 1)
    if call('HINCRBY', key, article, 1) == 1 then
      call('EXPIRE', key, max(1, math.ceil((slot + 3) * 1800 - now)))
    end
  end

  return crowds
end

