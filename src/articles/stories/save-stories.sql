-- Writes what became of the open stories: those that are new, centroids, the index of their terms; and counts the terms of
-- the articles that they were given.
-- $1 json array of {story, isNew, centroid, barred, size, firstAt, lastAt}. $2 json array of {story, term, kept}: false to
-- take a term out of the index, true to put it in. $3 now. $4 terms in their order, $5 articles with each, at the same
-- places. $6 half-life of counts in seconds.
-- Terms that go are found one by one (the limit sees to it): a plan that was made while the index was empty, and is kept
-- while it fills, would read it as a whole for each of them.
-- Most terms are known, and to update these costs half of what an upsert does, which locks and writes each row twice.
with given as materialized (
  select story, centroid, barred, size, "firstAt" as first_at, "lastAt" as last_at, "isNew" as is_new
  from json_to_recordset($1::json) as given (
    story bigint, "isNew" boolean, centroid json, barred text[], size int, "firstAt" timestamptz, "lastAt" timestamptz
  )
),
added as materialized (
  select term, articles from unnest($4::text[], $5::real[]) as added (term, articles)
),
counted as (
  update term_frequencies known set
    articles = added.articles + known.articles
      * power(2, -greatest(0, date_part('epoch', $3::timestamptz - known.counted_at)) / $6::double precision),
    counted_at = greatest($3::timestamptz, known.counted_at)
  from added
  where known.term = added.term
  returning known.term
),
met as (
  insert into term_frequencies as known (term, articles, counted_at)
  select term, articles, $3::timestamptz from added where term not in (select term from counted)
  on conflict (term) do update set articles = known.articles + excluded.articles
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
  select story, term, kept from json_to_recordset($2::json) as changed (story bigint, term text, kept boolean)
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
