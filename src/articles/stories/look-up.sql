-- What is known of the terms of articles, and the stories that each may belong to: those that share the most of its rare
-- terms. What a term's postings hold beyond the limit is not looked at, so that a look-up costs the same however many stories
-- there are. One statement, since an article that comes alone costs more for the way to the server than for what is done
-- there. Counts are as of now, without these articles themselves.
-- Each row is found by its key (the limits see to it), also by a plan that was made when there were none (save-stories.sql).
-- $1 askers, $2 terms, $3 how much each weighs there, at the same places: of an article all of its terms, and the one that
-- counts all articles of its language, of no weight. $4 are_probes: the terms are those of stories, and all are looked for.
-- $5 now, $6 half-life of counts in seconds, $7 articles taken for granted without any term.
-- Of an article $8 terms are looked for, the rarest; none of more than $9 articles; after the first $10 none that finds with
-- them more than $11. $12 postings read for each term, $13 stories for each asker, $14 ids handed out for new stories.
with known as materialized (
  select given.asker, given.term, given.weight, coalesce(counted.articles, 0) as articles
  from unnest($1::int[], $2::text[], $3::real[]) as given (asker, term, weight)
  left join lateral (
    select articles
      * power(2, -greatest(0, date_part('epoch', $5::timestamptz - counted_at)) / $6::double precision) as articles
    from term_frequencies where term = given.term limit 1
  ) counted on true
),
ranked as (
  select asker, term, weight, articles + 1 as articles,
    max(articles) over (partition by asker) as total,
    row_number() over rarest as place,
    sum(articles + 1) over rarest as found
  from known where weight > 0
  window rarest as (partition by asker order by articles, term collate "C")
),
probe as materialized (
  select asker, term,
    case when $4::boolean then weight else weight * ln((total + $7::int) / (articles + 0.5)) end as weight
  from ranked
  where $4::boolean
    or (place <= $8::int and articles <= $9::int and (place <= $10::int or found <= $11::int))
),
hit as (
  select probe.asker, posting.story_id, sum(probe.weight) as weight
  from probe
  cross join lateral (
    select story_id from story_postings where story_postings.term = probe.term
    order by story_id desc limit $12::int
  ) posting
  group by probe.asker, posting.story_id
  -- One word is no evidence (cluster.ts), and most stories share but one: a hundred times as many would be sorted.
  having count(*) > 1
),
best as (
  select story_id, row_number() over (partition by asker order by weight desc, story_id desc) as place from hit
),
story as (
  select story.story_id, story.centroid, story.barred, story.size, story.first_at, story.last_at
  from (select distinct story_id from best where place <= $13::int) found
  cross join lateral (select * from story_centroids where story_id = found.story_id limit 1) story
  order by story.story_id
)
select
  (select json_object_agg(term, articles) from known) as counts,
  (select json_agg(json_build_array(asker, term)) from probe) as probes,
  (select json_agg(story) from story) as stories,
  array(select nextval(pg_get_serial_sequence('stories', 'id')) from generate_series(1, $14::int)) as ids
