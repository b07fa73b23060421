-- Removes old articles that no feed carries any more.
-- A feed's last fetch that brought news is the newest last_seen_at among its sources: polls that found nothing changed
-- write nothing, so that neither their time nor the feed's can be compared with it. What that fetch contained was
-- noted then or less than the granularity before.
-- $1 published before, $2 at most so many, $3 granularity of last_seen_at in seconds.
with last_fetch as materialized (
  select feed_id, max(last_seen_at) - make_interval(secs => $3::double precision) as carried_since
  from sources group by feed_id
),
old as (
  select article.id
  from articles article
  where article.published_at < $1::timestamptz
    and not exists (
      select 1 from sources source
      join last_fetch on last_fetch.feed_id = source.feed_id
      where source.article_id = article.id and source.last_seen_at >= last_fetch.carried_since
    )
  order by article.published_at, article.id
  limit $2::int
)
delete from articles where id in (select id from old)
