-- Writes what became of the open stories: centroids, and the index of their terms.
-- $1 json array of {story, centroid, size, firstAt, lastAt}, $2 json array of {story, term, kept}: false to take a
-- term out of the index, true to put it in, $3 now.
with saved as (
  insert into story_centroids as known (story_id, centroid, size, first_at, last_at, touched_at)
  select story, centroid, size, "firstAt", "lastAt", $3::timestamptz
  from json_to_recordset($1::json) as given (
    story bigint, centroid json, size int, "firstAt" timestamptz, "lastAt" timestamptz
  )
  on conflict (story_id) do update set
    centroid = excluded.centroid,
    size = excluded.size,
    first_at = excluded.first_at,
    last_at = excluded.last_at,
    touched_at = excluded.touched_at
),
posting as materialized (
  select * from json_to_recordset($2::json) as posting (story bigint, term text, kept boolean)
),
dropped as (
  delete from story_postings using posting
  where not posting.kept and story_postings.term = posting.term and story_postings.story_id = posting.story
)
insert into story_postings (term, story_id)
select term, story from posting where kept
on conflict do nothing
