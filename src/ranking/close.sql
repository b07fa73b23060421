-- The most read articles of a finished period, of the site and of every category at once.
--
-- $1, $2 from and until · $3 how many of each · $4 the grains whose rows lie within such periods as a whole
--
-- A copy's reads count for its original. Each read is in one row of one grain, and rows of hours and days end where days
-- of the site's zone do.
with counted as (
  select coalesce(article.original_id, article.id) as id, sum(reads) as reads
  from read_counts join articles article on article.id = article_id
  where slot >= $1 and slot < $2 and grain = any ($4::text[])
  group by 1
), scoped as (
  select 'site' as scope, id, reads from counted
  union all
  select filed.category, id, reads from counted join article_categories filed on filed.article_id = counted.id
), placed as (
  select scope, id, reads, row_number() over (partition by scope order by reads desc, id desc) as rank
  from scoped where reads > 0
)
select scope, id, reads::float8 as reads from placed where rank <= $3 order by scope, rank
