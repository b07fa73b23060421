-- Files what feeds carry under their categories, after these changed.
-- $1 the feeds, $2 categories that they had before: an article leaves one of them unless a feed that carries it has it.
-- Gives the ids of articles that moved.
with carried as materialized (
  select distinct feed_id, article_id as id from sources where feed_id = any ($1::bigint[])
), lost as (
  delete from article_categories filed using carried
  where filed.article_id = carried.id and filed.category = any ($2::text[]) and not exists (
    select from sources join feed_categories kept on kept.feed_id = sources.feed_id
    where sources.article_id = filed.article_id and kept.category = filed.category
  )
  returning filed.article_id
), won as (
  insert into article_categories (article_id, category)
  select distinct carried.id, own.category from carried join feed_categories own using (feed_id)
  order by 1, 2
  on conflict do nothing
  returning article_id
)
select article_id as id from lost union select article_id from won
