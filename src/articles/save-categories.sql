-- Files articles under the categories that the feed has now, where they are not there yet. The gate keeps these as they are
-- until the transaction ends.
-- $1 ids of articles, $2 the feed. Gives the id of an article for each category that it came into.
insert into article_categories (article_id, category)
select article, own.category
from unnest($1::text[]) article
cross join feed_categories own
where own.feed_id = $2
order by article, own.category
on conflict do nothing
returning article_id as id
