-- Takes the categories whose counts changed in one shard; a change after this marks them again.
-- One script: a category marked between reading and deleting would be lost.
-- A shard that lost its memory and is not restored yet keeps what it has: its counts are not to be shown.
-- KEYS[1] set: dirty  KEYS[2] hash: marks
-- Reply: false while the shard is not restored, else the categories
if redis.call('HEXISTS', KEYS[2], 'restored') == 0 then
  return false
end
local dirty = redis.call('SMEMBERS', KEYS[1])
redis.call('DEL', KEYS[1])
return dirty
