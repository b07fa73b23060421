-- Stories that turned out to be one: their articles go along, and their ids, with those that led to them, lead to the one
-- that is left.
-- $1 ids that went, $2 the ids they became, at the same places.
with merged as materialized (
  select gone, kept from unnest($1::bigint[], $2::bigint[]) as merged (gone, kept)
),
redirected as (
  update stories set merged_into = merged.kept
  from merged
  where stories.id = merged.gone or stories.merged_into = merged.gone
),
closed as (
  delete from story_centroids where story_id in (select gone from merged)
),
moved as materialized (
  select article.id, merged.kept
  from articles article join merged on article.story_id = merged.gone
  order by article.id
  for no key update of article
)
update articles set story_id = moved.kept from moved where articles.id = moved.id
