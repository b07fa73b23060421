-- Puts articles where later ones find them (who was matched before keeps that time), and their titles behind the last ones
-- of their feeds; and answers, as one json array (null for none), the articles that share a key with those given, and were published
-- within the window: of each, the 12 that share most, and of these that share as much the nearest in time. Those given do not
-- find each other here, since a statement does not see what it writes.
-- What a title or summary costs that thousands share is bounded. To count what is shared takes 3 µs a row: of 300, those
-- with the very title (its key is the first) and then those nearest in time. To look at a row takes 1 µs: of 5000.
-- To look for each key among all others would take 10 µs a row: few are in the filter that are not wanted.
-- The offset keeps PostgreSQL from looking through all of the window instead of in the index of keys, which it takes to
-- find more than it does.
-- $1 json array of {id, published_at, title, keys, filter, is_wanted}: those not wanted are only put there; in the filter
-- those of 1024 bits are set that the last bits of the keys name. $2 the window in seconds, $3 characters of summary,
-- $4 now, $5 json array of {feed, titles}, in the order of feeds, $6 titles kept of a feed.
with given as materialized (
  select * from json_to_recordset($1::json)
    as given (id text, published_at timestamptz, title text, keys integer[], filter bytea, is_wanted boolean)
),
saved as (
  insert into fingerprints (article_id, published_at, matched_at, title, keys)
  select id, published_at, $4::timestamptz, title, keys from given
  on conflict (article_id) do update set title = excluded.title, keys = excluded.keys
  where (fingerprints.title, fingerprints.keys) is distinct from (excluded.title, excluded.keys)
),
learnt as (
  insert into feed_titles as known (feed_id, titles)
  select fed.feed, fed.titles[greatest(1, cardinality(fed.titles) - $6::int + 1):]
  from json_to_recordset($5::json) as fed (feed bigint, titles text[])
  where exists (select from feeds where feeds.id = fed.feed)
  order by fed.feed
  on conflict (feed_id) do update set titles = (known.titles || excluded.titles)[
    greatest(1, cardinality(known.titles) + cardinality(excluded.titles) - $6::int + 1):
  ]
)
select json_agg(candidate) as found
from (
  select
    wanted.id as wanted,
    article.id,
    found.title,
    left(article.summary, $3::int) as summary,
    article.published_at,
    coalesce(article.original_id, article.id) as root,
    substring(article.url from '^https?://(?:www[.])?([^/:?#]+)') as site,
    array(select source.feed_id from sources source where source.article_id = article.id) as feeds,
    found.shared
  from given wanted
  cross join lateral (
    select near.article_id, near.title,
      (
        select count(*) from (select unnest(near.keys) as key) own
        where get_bit(wanted.filter, key & 1023) = 1 and key = any (wanted.keys)
      ) as shared
    from (
      select hit.*, abs(extract(epoch from hit.published_at - wanted.published_at)) as distance
      from (
        select print.article_id, print.title, print.keys, print.published_at
        from fingerprints print
        where print.keys && wanted.keys and not print.article_id = any (array(select id from given))
        offset 0 limit 5000
      ) hit
      where hit.published_at between wanted.published_at - make_interval(secs => $2::double precision)
        and wanted.published_at + make_interval(secs => $2::double precision)
      order by hit.keys[1] = wanted.keys[1] desc, distance
      limit 300
    ) near
    order by shared desc, near.distance, near.article_id
    limit 12
  ) found
  join articles article on article.id = found.article_id
  where wanted.is_wanted
) candidate
