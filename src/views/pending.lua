-- Counts what is pending in one shard.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
countPending(KEYS[1])
