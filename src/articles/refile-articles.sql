-- Files what a feed carries under its categories, after these changed.
-- $1 the feed, $2 the categories that it had before: an article leaves one of them unless a feed that carries it has it.
-- Gives the ids of articles that moved.
with carried as (
  select distinct article_id as id from sources where feed_id = $1
), lost as (
  delete from article_categories filed using carried
  where filed.article_id = carried.id and filed.category = any ($2::text[]) and not exists (
    select from sources join feed_categories kept on kept.feed_id = sources.feed_id
    where sources.article_id = filed.article_id and kept.category = filed.category
  )
  returning filed.article_id
), won as (
  insert into article_categories (article_id, category)
  select carried.id, feed.category from carried cross join feed_categories feed
  where feed.feed_id = $1
  order by 1, 2
  on conflict do nothing
  returning article_id
)
select article_id as id from lost union select article_id from won
