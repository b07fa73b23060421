-- The stories that each article (or story) may belong to: those that share the most of its rare terms. What a term's
-- postings hold beyond the limit is not looked at, so that a look-up costs the same however many stories there are.
-- Each is found by its id (the limit sees to it), also by a plan that was made when there were none (save-stories.sql).
-- They come as one json array, the oldest first; null for none.
-- As arrays the probes are taken for ten, as json for a hundred: for so many the sums got 400 kB that had to be cleared first.
-- $1 askers, $2 terms, $3 weights of the terms, at the same places; $4 postings read for each term, $5 stories for each asker.
with probe as materialized (
  select * from unnest($1::int[], $2::text[], $3::real[]) as probe (asker, term, weight)
),
hit as (
  select probe.asker, posting.story_id, sum(probe.weight) as weight
  from probe
  cross join lateral (
    select story_id from story_postings where story_postings.term = probe.term
    order by story_id desc limit $4::int
  ) posting
  group by probe.asker, posting.story_id
  -- One word is no evidence (cluster.ts), and most stories share but one: a hundred times as many would be sorted.
  having count(*) > 1
),
best as (
  select story_id, row_number() over (partition by asker order by weight desc, story_id desc) as place from hit
)
select json_agg(story order by story.story_id) as found
from (select distinct story_id from best where place <= $5::int) found
cross join lateral (
  select story_id, terms, weights, barred, size, first_at, last_at
  from story_centroids where story_id = found.story_id limit 1
) story
