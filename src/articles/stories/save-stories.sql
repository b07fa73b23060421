-- Writes what became of the open stories: those that are new, centroids, and the index of their terms. Answers the id of
-- each, in their order.
-- $1 json array of {place, story, centroid, barred, size, firstAt, lastAt}: no story for a new one. $2 json array of
-- {place, story, term, kept}: false to take a term out of the index, true to put it in; by place or by story. $3 now.
-- Terms that go are found one by one (the limit sees to it): a plan that was made while the index was empty, and is kept
-- while it fills, would read it as a whole for each of them.
with given as materialized (
  select
    place, centroid, barred, size, "firstAt" as first_at, "lastAt" as last_at, story is null as is_new,
    coalesce(story, nextval(pg_get_serial_sequence('stories', 'id'))) as story
  from json_to_recordset($1::json) as given (
    place int, story bigint, centroid json, barred text[], size int, "firstAt" timestamptz, "lastAt" timestamptz
  )
),
opened as (
  insert into stories (id, first_at) overriding system value select story, first_at from given where is_new
),
saved as (
  insert into story_centroids as known (story_id, centroid, barred, size, first_at, last_at, touched_at)
  select story, centroid, barred, size, first_at, last_at, $3::timestamptz from given
  on conflict (story_id) do update set
    centroid = excluded.centroid,
    barred = excluded.barred,
    size = excluded.size,
    first_at = excluded.first_at,
    last_at = excluded.last_at,
    touched_at = excluded.touched_at
),
posting as materialized (
  select coalesce(changed.story, (select given.story from given where given.place = changed.place)) as story, term, kept
  from json_to_recordset($2::json) as changed (place int, story bigint, term text, kept boolean)
),
dropped as (
  delete from story_postings where ctid = any (array(
    select found.ctid
    from posting
    cross join lateral (
      select ctid from story_postings where term = posting.term and story_id = posting.story limit 1
    ) found
    where not posting.kept
  ))
),
added as (
  insert into story_postings (term, story_id)
  select term, story from posting where kept
  on conflict do nothing
)
select story from given order by place
