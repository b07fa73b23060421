-- Articles that were matched and have no fingerprint, in the order of their ids.
-- $1 published since, $2 the last id that was read, $3 at most so many, $4 characters of summary.
select
  article.id,
  article.title,
  left(article.summary, $4::int) as summary,
  article.published_at,
  article.matched_at,
  array(select distinct source.feed_id from sources source where source.article_id = article.id) as feeds
from articles article
where article.published_at >= $1::timestamptz and article.matched_at is not null and article.id > $2
order by article.id
limit $3::int
