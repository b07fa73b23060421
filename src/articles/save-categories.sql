-- Files articles under the feed's categories, where they are not there yet.
-- $1 ids of articles, $2 categories. Gives the id of an article for each category that it came into.
insert into article_categories (article_id, category)
select article, category
from unnest($1::text[]) article
cross join unnest($2::text[]) category
order by article, category
on conflict do nothing
returning article_id as id
