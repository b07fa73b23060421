-- The most read articles of a scope as they stood at a time, summed from the archive.
--
-- $1 category, null for the site · $2, $3, $4 first rows of slots, hours and days · $5 the time: rows that had not ended
-- by then are left out · $6 the site's zone, whose days rows of days are · $7 the lowest id of articles that may be
-- listed · $8 half-life in seconds where the score is decayed, else null · $9 since when `reads` are counted, where the
-- score is decayed · $10 how many
--
-- A copy's reads count for its original. Decayed scores are as count.lua adds them, at the middle of each row, as the
-- base 2 logarithm that timelessScore (popular.ts) compares by.
with archived as (
  select slot, article_id, reads, box_reads, case grain when 'slot' then 300 when 'hour' then 3600 else 86400 end as span
  from read_counts
  where (grain = 'slot' and slot >= $2 and slot <= $5::timestamptz - interval '5 minutes')
     or (grain = 'hour' and slot >= $3 and slot <= $5::timestamptz - interval '1 hour')
     or (grain = 'day' and slot >= date_trunc('day', $4::timestamptz, $6) and slot < date_trunc('day', $5::timestamptz, $6))
), counted as (
  select
    coalesce(article.original_id, article.id) as id,
    sum(reads) filter (where $8::float8 is null or slot >= $9)::float8 as reads,
    case when $8::float8 is not null then sum(
      (reads - 0.75 * box_reads) * power(2::float8, (extract(epoch from slot - $5::timestamptz) + span / 2) / $8)
    ) end as heat
  from archived join articles article on article.id = article_id
  group by 1
), placed as (
  select id, coalesce(reads, 0) as reads,
         case when heat is null then reads when heat > 0 then round((ln(heat) / ln(2::float8))::numeric, 9)::float8 end as score
  from counted
  where id >= $7 and ($1::text is null or exists (
    select from article_categories filed where filed.article_id = counted.id and filed.category = $1
  ))
)
select id, reads, score from placed where score is not null order by score desc, id desc limit $10
