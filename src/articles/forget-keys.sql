-- Forgets the keys of removed articles that no feed carries any more: not for the time given, and not in the last fetch of
-- the feed that brought them back (see remove-old.sql for what is known of last fetches). A key that somebody holds is just
-- being brought again; waited for, it might be one that waits for another here.
-- $1 not seen since, $2 granularity in seconds.
with forgotten as materialized (
  select key from removed_keys removed
  where removed.seen_at < $1::timestamptz
    and not exists (
      select 1 from feeds where feeds.id = removed.feed_id and removed.seen_at >= greatest(
        (select max(source.last_seen_at) from sources source where source.feed_id = feeds.id),
        (select max(other.seen_at) from removed_keys other where other.feed_id = feeds.id)
      ) - make_interval(secs => $2::double precision)
    )
  for update skip locked
)
delete from removed_keys using forgotten where removed_keys.key = forgotten.key
