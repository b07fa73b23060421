-- What is known of the articles in a document, by their keys: the only statement that a poll without news needs. The first
-- row of each answer says what is known of the feed's guids; a feed that is gone answers nothing.
-- $1 keys (hexadecimal), $2 the feed.
-- id: null for a key that this feed has given to several articles, or without any key that is known.
-- is_filed: whether it stands in all categories that the feed has now, which may be others than when its poll began.
-- owner: the feed that carried the article first, whose words it has; null when no feed is left that did.
-- carried_key, carried_url, carried_at: of the source under which this feed carried it last; null where it never did.
-- last_seen_at: when this feed was last noted as a source under this key.
with found as materialized (
  select wanted.key, alias.article_id, alias.key as bytes
  from unnest($1::text[]) wanted (key)
  join article_aliases alias on alias.key = decode(wanted.key, 'hex')
  union all
  select wanted.key, null, null
  from unnest($1::text[]) wanted (key)
  join shared_keys shared on shared.feed_id = $2 and shared.key = decode(wanted.key, 'hex')
),
known as materialized (
  select
    article.id, article.content_hash, article.title, article.url, article.published_at, article.published_from,
    article.first_seen_at,
    (
      select source.feed_id from sources source
      where source.article_id = article.id
      order by source.first_seen_at, source.feed_id limit 1
    ) as owner,
    carried.guid_hash, carried.url as carried_url, carried.last_seen_at as carried_at,
    array(select category from feed_categories where feed_id = $2) <@ array(
      select category from article_categories filed where filed.article_id = article.id
    ) as is_filed
  from articles article
  left join lateral (
    select source.guid_hash, source.url, source.last_seen_at from sources source
    where source.article_id = article.id and source.feed_id = $2
    order by source.last_seen_at desc, source.guid_hash limit 1
  ) carried on true
  where article.id in (select article_id from found)
)
select
  feed.guid_trust, feed.guid_evidence,
  found.key,
  known.id,
  encode(known.content_hash, 'hex') as content_hash,
  known.title, known.url, known.published_at, known.published_from, known.first_seen_at,
  known.owner, known.is_filed,
  encode(known.guid_hash, 'hex') as carried_key, known.carried_url, known.carried_at,
  own.last_seen_at
from feeds feed
left join found on true
left join known on known.id = found.article_id
left join sources own on own.feed_id = $2 and own.guid_hash = found.bytes and own.article_id = known.id
where feed.id = $2
