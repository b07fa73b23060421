-- All articles of the groups of these originals: themselves and their copies, with the feeds that carried each.
-- $1 ids of originals.
select
  article.id,
  coalesce(article.original_id, article.id) as root,
  array(select distinct source.feed_id from sources source where source.article_id = article.id) as feeds,
  array(
    select decision.other_id from copy_decisions decision
    where decision.article_id = article.id and not decision.are_copies
  ) as apart,
  print.matched_at as known_since
from articles article
left join fingerprints print on print.article_id = article.id
where article.id = any ($1::text[]) or article.original_id = any ($1::text[])
