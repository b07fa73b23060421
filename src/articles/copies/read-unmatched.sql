-- The next articles to match, in the order of their ids.
-- $1 script, $2 at most so many, $3 characters of summary.
-- feeds: those that carried it. known_since: when it was matched first, null for a new one.
select
  article.id,
  article.title,
  left(article.summary, $3::int) as summary,
  article.language,
  article.published_at,
  article.original_id,
  encode(article.content_hash, 'hex') as content_hash,
  substring(article.url from '^https?://(?:www[.])?([^/:?#]+)') as site,
  array(select distinct source.feed_id from sources source where source.article_id = article.id) as feeds,
  print.matched_at as known_since
from articles article
left join fingerprints print on print.article_id = article.id
where article.matched_at is null and article.script = $1
order by article.id
limit $2::int
