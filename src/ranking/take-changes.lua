-- Takes what changed in one shard; a change after this is noted again.
-- One script: what is noted between reading and deleting would be lost.
-- A shard that lost its memory and is not restored yet keeps what it has: its counts are not to be shown.
-- KEYS[1] set: dirty  KEYS[2] set: changed  KEYS[3] hash: marks
-- Reply: false while the shard is not restored, else the categories to look at as a whole and the articles that were read
if redis.call('HEXISTS', KEYS[3], 'restored') == 0 then
  return false
end
local dirty, changed = redis.call('SMEMBERS', KEYS[1]), redis.call('SMEMBERS', KEYS[2])
redis.call('DEL', KEYS[1], KEYS[2])
return { dirty, changed }
