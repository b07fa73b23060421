-- What is known of the articles in a document, by their keys: the only statement that a poll without news needs.
-- $1 keys (hexadecimal), $2 the feed, $3 its categories.
-- owner: the feed that carried the article first, whose words it has; null when no feed is left that did.
-- last_seen_at: when this feed was last noted as a source under this key.
select
  wanted.key,
  article.id,
  encode(article.content_hash, 'hex') as content_hash,
  (
    select source.feed_id from sources source
    where source.article_id = article.id
    order by source.first_seen_at, source.feed_id limit 1
  ) as owner,
  own.last_seen_at,
  (
    select count(*) from article_categories filed
    where filed.article_id = article.id and filed.category = any ($3::text[])
  ) as filed_under
from unnest($1::text[]) wanted (key)
join article_aliases alias on alias.key = decode(wanted.key, 'hex')
join articles article on article.id = alias.article_id
left join sources own on own.feed_id = $2 and own.guid_hash = alias.key
