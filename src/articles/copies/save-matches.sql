-- Writes down what was decided. An article whose words changed meanwhile stays to be matched again. A story is for life;
-- a copy has that of its original.
-- Rows are locked in the order of their ids, as everybody does.
-- $1 json array of {id, original_id, content_hash, story_id}; without a content_hash only the original is written. $2 now.
with given as (
  select * from json_to_recordset($1::json)
    as given (id text, original_id text, content_hash text, story_id bigint)
),
locked as materialized (
  select article.id from articles article join given on given.id = article.id
  order by article.id
  for no key update of article
)
update articles article set
  original_id = given.original_id,
  story_id = coalesce(
    given.story_id,
    (select story_id from articles where id = given.original_id),
    article.story_id
  ),
  matched_at = case
    when given.content_hash is null then article.matched_at
    when encode(article.content_hash, 'hex') = given.content_hash then $2::timestamptz
  end
from given join locked on locked.id = given.id
where article.id = given.id
