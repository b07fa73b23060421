-- Chooses what to remove: old articles that no feed carries any more.
-- A feed's last fetch that brought news is the newest last_seen_at among its sources: polls that found nothing changed
-- write nothing, so that neither their time nor the feed's can be compared with it. What that fetch contained was
-- noted then or less than the granularity before.
-- An article is kept for as long as the most patient of its feeds keeps articles.
-- $1 published before, where a feed has no time of its own; $2 at most so many, $3 granularity of last_seen_at in seconds,
-- $4 now.
with last_fetch as materialized (
  select feed_id, max(last_seen_at) - make_interval(secs => $3::double precision) as carried_since
  from sources group by feed_id
),
keeping as materialized (
  select id, coalesce($4::timestamptz - make_interval(days => keep_days), $1::timestamptz) as kept_since from feeds
)
select article.id
from articles article
where article.published_at < greatest($1::timestamptz, (select max(kept_since) from keeping))
  and article.published_at < coalesce(
    (
      select min(keeping.kept_since) from sources source join keeping on keeping.id = source.feed_id
      where source.article_id = article.id
    ),
    $1::timestamptz
  )
  and not exists (
    select 1 from sources source
    join last_fetch on last_fetch.feed_id = source.feed_id
    where source.article_id = article.id and source.last_seen_at >= last_fetch.carried_since
  )
order by article.published_at, article.id
limit $2::int
