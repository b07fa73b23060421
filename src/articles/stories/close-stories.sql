-- Takes stories that nothing was added to for long out of the index. They keep their ids and their articles.
-- Postings are found one by one (the limit sees to it): the planner takes each story for one of a hundred terms, and would
-- read the whole index instead, which took twenty times as long at a million postings.
-- $1 untouched since, $2 at most so many.
with old as (
  select story_id from story_centroids where touched_at < $1::timestamptz order by touched_at limit $2::int
),
closed as (
  delete from story_centroids where story_id in (select story_id from old) returning story_id, terms
)
delete from story_postings where ctid = any (array(
  select posting.ctid
  from closed
  cross join lateral unnest(closed.terms) as key
  cross join lateral (
    select ctid from story_postings where term = key and story_id = closed.story_id limit 1
  ) posting
))
