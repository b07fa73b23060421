-- The next articles to match in the script on which the transaction decides (decider.ts), in one row.
-- $1 at most so many, $2 characters of summary, $3 since when published articles have fingerprints.
-- script: the one decided on, empty for none. are_lost: whether all fingerprints are gone. others_wait: whether articles in
-- another script wait; by ranges, since "another than" would read through all that wait.
-- articles: json, in the order of ids; null for none: a row of many columns costs more to read than all that is in them.
-- feeds: those that carried it. known_since: when it was matched first, null for a new one.
-- titles: what was known of the titles of all of these feeds, by feed.
with decided as materialized (
  select coalesce(current_setting('newsrank.deciding_on', true), '') as script
),
waiting as materialized (
  select
    article.id,
    article.title,
    left(article.summary, $2::int) as summary,
    article.language,
    article.published_at,
    article.original_id,
    article.story_id,
    encode(article.content_hash, 'hex') as content_hash,
    substring(article.url from '^https?://(?:www[.])?([^/:?#]+)') as site,
    array(select distinct source.feed_id from sources source where source.article_id = article.id) as feeds,
    (select matched_at from fingerprints where article_id = article.id) as known_since
  from articles article
  where article.matched_at is null and article.script = (select script from decided)
  order by article.id
  limit $1::int
)
select
  decided.script,
  not exists (select from fingerprints)
    and exists (select from articles where published_at >= $3::timestamptz and matched_at is not null) as are_lost,
  exists (select from articles where matched_at is null and articles.script < decided.script)
    or exists (select from articles where matched_at is null and articles.script > decided.script) as others_wait,
  (
    select json_object_agg(feed_id, titles) from feed_titles
    where feed_id = any (array(select unnest(feeds) from waiting))
  ) as titles,
  (select json_agg(waiting) from waiting) as articles
from decided
