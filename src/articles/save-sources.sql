-- Notes the feed as a source of articles. A feed that comes later to an article stands after those that are there, even
-- when both polls began in the same millisecond or the clocks of two machines differ: the order decides whose words count.
-- $1 json array of {key, article, guid, url}, $2 the feed, $3 now.
insert into sources (feed_id, guid_hash, article_id, guid, url, first_seen_at, last_seen_at)
select
  $2::bigint, decode(key, 'hex'), article, guid, url,
  greatest(
    $3::timestamptz,
    (select max(other.first_seen_at) + interval '1 millisecond' from sources other where other.article_id = article)
  ),
  $3::timestamptz
from json_to_recordset($1::json) as seen (key text, article text, guid text, url text)
order by decode(key, 'hex')
on conflict (feed_id, guid_hash) do update
set article_id = excluded.article_id, url = excluded.url, last_seen_at = excluded.last_seen_at
where sources.last_seen_at < excluded.last_seen_at
