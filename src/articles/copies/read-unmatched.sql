-- The next articles to match, in the order of their ids.
-- $1 script, $2 at most so many, $3 characters of summary.
-- feeds: those that carried it. known_since: when it was matched first, null for a new one. titles: of the first row, what
-- was known of the titles of all of these feeds, by feed; once, and not in a statement of its own.
with waiting as materialized (
  select
    article.id,
    article.title,
    left(article.summary, $3::int) as summary,
    article.language,
    article.published_at,
    article.original_id,
    article.story_id,
    encode(article.content_hash, 'hex') as content_hash,
    substring(article.url from '^https?://(?:www[.])?([^/:?#]+)') as site,
    array(select distinct source.feed_id from sources source where source.article_id = article.id) as feeds
  from articles article
  where article.matched_at is null and article.script = $1
  order by article.id
  limit $2::int
)
select
  waiting.*,
  (select matched_at from fingerprints where article_id = waiting.id) as known_since,
  case when waiting.id = (select min(id) from waiting) then (
    select json_object_agg(feed_id, titles) from feed_titles
    where feed_id in (select unnest(feeds) from waiting)
  ) end as titles
from waiting
order by waiting.id
