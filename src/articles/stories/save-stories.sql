-- Writes what became of the open stories: those that are new, centroids, and the index of their terms.
-- $1 json array of {story, isNew, terms, weights, barred, size, firstAt, lastAt}. $2 now. $3 stories, $4 terms, $5 kept, at the
-- same places: false to take a term out of the index, true to put it in.
-- Terms that go are found one by one (the limit sees to it): a plan that was made while the index was empty, and is kept
-- while it fills, would read it as a whole for each of them.
with given as materialized (
  select story, terms, weights, barred, size, "firstAt" as first_at, "lastAt" as last_at, "isNew" as is_new
  from json_to_recordset($1::json) as given (
    story bigint, "isNew" boolean, terms text[], weights real[], barred text[], size int,
    "firstAt" timestamptz, "lastAt" timestamptz
  )
),
opened as (
  insert into stories (id, first_at) overriding system value select story, first_at from given where is_new
),
saved as (
  insert into story_centroids as known (story_id, terms, weights, barred, size, first_at, last_at, touched_at)
  select story, terms, weights, barred, size, first_at, last_at, $2::timestamptz from given
  on conflict (story_id) do update set
    terms = excluded.terms,
    weights = excluded.weights,
    barred = excluded.barred,
    size = excluded.size,
    first_at = excluded.first_at,
    last_at = excluded.last_at,
    touched_at = excluded.touched_at
),
posting as materialized (
  select story, term, kept from unnest($3::bigint[], $4::text[], $5::boolean[]) as changed (story, term, kept)
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
)
insert into story_postings (term, story_id)
select term, story from posting where kept
