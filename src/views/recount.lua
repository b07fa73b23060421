-- Sets the counts of articles in one shard anew: what the archive says, and what is not archived yet. This is the first
-- half, which makes out what should stand; set-counts.lua follows it.
--
-- KEYS[1]  the shard's hash tag, `{rN}` (keys.ts; see record.lua)
-- ARGV     1 now, seconds · 2 the token of the recount · 3 the batch that lies aside though it is archived, '' for none
--          4 '' to set what is known to have changed; 'look' or 'repair' to compare all that stands, and set nothing or what
--          differs (audit.ts); '6', '12' or '24' to set the popular scores of that half-life as well, in categories that are about to
--          have them
--          then for each article: its id · its categories joined by ',', '' where it shall have no counts · the number
--          of its archived rows, and for each of these: slot · reads · box reads among them
-- Reply    the ids whose counts were not right, or 0 when nothing was done, because the shard was emptied or another recount
--          was opened since
--
-- One script, so that no reader sees an article that is counted in some of its categories only, and no read is recorded
-- between reading what is not archived and writing the sum. What stands as it should is not written, and keeps its
-- decayed scores, which are exact where archived times are known by their slot only. So running it twice changes nothing.
local call, floor = redis.call, math.floor
local tag, now, archived, mode = KEYS[1], tonumber(ARGV[1]), ARGV[3], ARGV[4]
local marks = tag .. ':marks'
-- What stands is looked for only where it can be.
local isQuick = mode == '' or tonumber(mode) ~= nil

countPending(tag)
local saved = call('HMGET', marks, 'restored', 'recounting', 'from:1h', 'from:24h', 'from:7d', 'from:30d', 'L:15', 'L:60',
  'L:180', 'L:360', 'L:720', 'L:1440')
if not saved[1] or saved[2] ~= ARGV[2] then return 0 end
local from1h, from24h, from7d, from30d =
  tonumber(saved[3]), tonumber(saved[4]), tonumber(saved[5]), tonumber(saved[6])

local WINDOWS = { '1h', '24h', '7d', '30d' }
local DECAYED = {
  { before = ':f15:', after = '', total = 't15', halfLife = 900, landmark = tonumber(saved[7]), box = 1 },
  { before = ':f60:', after = '', total = 't60', halfLife = 3600, landmark = tonumber(saved[8]), box = 1 },
  { before = ':pop:', after = ':3', halfLife = 10800, landmark = tonumber(saved[9]), box = 1 / 4 },
}
-- Categories in which little is read have one of these besides (half-lives.ts).
for i, hours in ipairs({ 6, 12, 24 }) do
  DECAYED[3 + i] = { before = ':pop:', after = ':' .. hours, halfLife = hours * 3600, landmark = tonumber(saved[9 + i] or 0),
    box = 1 / 4, hours = hours }
end
-- Collectors whose clock is ahead may have counted in slots that are still to come here.
local LAST_SLOT = floor(now / 300) + 12
-- The hour that the slot which left the 24-hour window last was carried into.
local LAST_HOUR = floor((from24h - 1) / 12)
-- Makes a set a skiplist for good (count.lua).
local LONG_MEMBER = string.rep('~', 65)

local function precise(number) return string.format('%.17g', number) end
local function addReads(article, slot, reads, box)
  local it = article.slots[slot] or { reads = 0, box = 0 }
  article.slots[slot] = it
  it.reads, it.box = it.reads + reads, it.box + box
end

local articles, byId = {}, {}
local at = 5
while at <= #ARGV do
  local article = { id = ARGV[at], categories = {}, slots = {} }
  for category in string.gmatch(ARGV[at + 1], '[^,]+') do article.categories[category] = true end
  local first, last = at + 3, at + 3 * tonumber(ARGV[at + 2])
  for i = first, last, 3 do addReads(article, tonumber(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])) end
  articles[#articles + 1] = article
  if next(article.categories) then byId[article.id] = article end
  at = last + 3
end

-- As a whole: a recount follows an archive, so that seconds of reads lie here.
local function addUnarchived(key)
  local fields = call('HGETALL', key)
  for i = 1, #fields, 2 do
    local box, slot, id = string.match(fields[i], '^(b?):?(%d+):([^:]+)')
    local article = id and byId[id]
    local reads = article and tonumber(fields[i + 1])
    if article and box == '' then addReads(article, tonumber(slot), reads, 0) end
    if article and box == 'b' then addReads(article, tonumber(slot), 0, reads) end
  end
end

if next(byId) then
  addUnarchived(tag .. ':delta')
  if archived == '' or call('HGET', tag .. ':archiving', 'id') ~= archived then addUnarchived(tag .. ':archiving') end
end

local function weight(slot, landmark, halfLife)
  local middle = math.max(slot * 300, math.min(slot * 300 + 150, now))
  local exponent = (middle - landmark) / halfLife
  if now - middle > 20 * halfLife or exponent > 900 then return 0 end
  return 2 ^ exponent
end

local function nowhere() return { b5 = {}, bh = {}, windows = { 0, 0, 0, 0 }, scores = { 0, 0, 0, 0, 0, 0 } } end

-- What stands for the article in each of its categories when all its reads are counted (as in count.lua).
local function targetOf(article)
  local target = nowhere()
  local windows = target.windows
  for slot, it in pairs(article.slots) do
    local hour, reads = floor(slot / 12), it.reads
    if slot >= from24h then
      target.b5[slot] = reads
      windows[2] = windows[2] + reads
    elseif hour >= from30d then
      target.bh[hour] = (target.bh[hour] or 0) + reads
    end
    if slot >= from1h then windows[1] = windows[1] + reads end
    if hour >= from7d then windows[3] = windows[3] + reads end
    if hour >= from30d then windows[4] = windows[4] + reads end
    for i, decayed in ipairs(DECAYED) do
      local value = reads - it.box + it.box * decayed.box
      target.scores[i] = target.scores[i] + value * weight(slot, decayed.landmark, decayed.halfLife)
    end
  end
  return target
end

