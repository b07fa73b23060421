-- Articles that share a key with those given, and were published within the window: of each, the 20 that share most.
-- The first limit bounds what a title or summary costs that thousands share. The offset keeps PostgreSQL from looking
-- through all of the window instead of in the index of keys, which it takes to find more than it does.
-- $1 json array of {id, published_at, keys}, $2 the window in seconds, $3 characters of summary.
select
  wanted.id as wanted,
  article.id,
  found.title,
  left(article.summary, $3::int) as summary,
  article.published_at,
  coalesce(article.original_id, article.id) as root,
  substring(article.url from '^https?://(?:www[.])?([^/:?#]+)') as site,
  array(select distinct source.feed_id from sources source where source.article_id = article.id) as feeds
from json_to_recordset($1::json) as wanted (id text, published_at timestamptz, keys integer[])
cross join lateral (
  select near.*
  from (
    select hit.article_id, hit.title, hit.keys
    from (
      select print.article_id, print.title, print.keys, print.published_at
      from fingerprints print
      where print.keys && wanted.keys and print.article_id <> wanted.id
      offset 0
    ) hit
    where hit.published_at between wanted.published_at - make_interval(secs => $2::double precision)
      and wanted.published_at + make_interval(secs => $2::double precision)
    limit 300
  ) near
  order by
    (select count(*) from unnest(near.keys) key where key = any (wanted.keys)) desc,
    near.article_id
  limit 20
) found
join articles article on article.id = found.article_id
