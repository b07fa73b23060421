-- Gives articles that are about to be removed a successor, which takes over their reads: an original's is its oldest copy
-- that stays, a copy's is its original, or whoever takes that one's place. What stays of an original's copies points to
-- its successor then, which is a copy no longer.
-- $1 ids of the articles.
with gone as (
  select id, coalesce(original_id, id) as root from articles where id = any ($1::text[])
),
heirs as (
  select distinct on (copy.original_id) copy.original_id as root, copy.id
  from articles copy
  where copy.original_id in (select id from gone) and copy.id <> all ($1::text[])
  order by copy.original_id, copy.published_at, copy.id
),
moved as (
  update articles copy set original_id = nullif(heirs.id, copy.id)
  from heirs where copy.original_id = heirs.root
)
select gone.id as removed, coalesce(heirs.id, stayed.id) as successor
from gone
left join heirs on heirs.root = gone.root
left join articles stayed on stayed.id = gone.root and stayed.id <> all ($1::text[])
where coalesce(heirs.id, stayed.id) is not null
