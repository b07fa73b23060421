-- Writes what polls came to: the feeds' rows, their leases released, and a line of history for each.
-- One statement for as many polls as ended together, since most bring nothing new and this is all that they cost. It
-- writes nothing of a poll whose lease is no longer the one that it began with: it took too long and the feed was given
-- to another, or the job ran twice and this is the later one.
-- $1 polls as JSON, each as pollRow in save-poll.ts makes it: a count that is not there is 0, a flag that is not is false.
-- Of a poll that was only put off, and reached no server, nothing is left but the new time, and when that was.
-- Rows are locked in the order of their ids first, as by everybody who takes many feeds: of up to some thousand feeds
-- PostgreSQL reads the whole table and would take them as they lie on disk. It costs nothing that could be measured.
with locked as materialized (
  select feeds.id from feeds
  join json_to_recordset($1::json) as poll (id bigint, leased_until timestamptz) using (id, leased_until)
  order by feeds.id for no key update of feeds
), saved as (
  update feeds set
    leased_until = null,
    waits_by_host = false,
    put_off_at = case when poll.is_put_off then poll.started_at end,
    -- State and hints are null where the poll changes nothing about them. A pause that came meanwhile stays.
    state = case when feeds.state = 'paused' then feeds.state else coalesce(poll.state, feeds.state) end,
    next_poll_at = poll.next_poll_at,
    interval_seconds = poll.interval_seconds,
    rhythm_seconds = case when poll.outcome = 'fresh' then poll.rhythm_seconds else feeds.rhythm_seconds end,
    newest_entry_at = case when poll.outcome = 'fresh' then poll.newest_entry_at else feeds.newest_entry_at end,
    hints = coalesce(poll.hints, feeds.hints),
    failures = coalesce(poll.failures, 0),
    strikes = coalesce(poll.strikes, 0),
    gone_at = poll.gone_at,
    moved_to = poll.moved_to,
    moved_since = poll.moved_since,
    moved_polls = coalesce(poll.moved_polls, 0),
    etag = case when poll.has_validators then poll.etag else feeds.etag end,
    last_modified = case when poll.has_validators then poll.last_modified else feeds.last_modified end,
    body_hash = case when poll.has_validators then decode(poll.body_hash, 'hex') else feeds.body_hash end,
    title = case when feeds.title = '' then coalesce(poll.title, '') else feeds.title end,
    site_url = coalesce(feeds.site_url, poll.site_url),
    language = coalesce(feeds.language, poll.language),
    poll_count = poll_count + case when poll.is_put_off then 0 else 1 end,
    last_polled_at = case when poll.is_put_off then last_polled_at else poll.started_at end,
    last_success_at = case when poll.outcome in ('fresh', 'unchanged') then poll.started_at else last_success_at end,
    last_outcome = case when poll.is_put_off then last_outcome else poll.outcome end,
    last_status = case when poll.is_put_off then last_status else poll.status end,
    last_error = case when poll.is_put_off then last_error else poll.error end
  from json_to_recordset($1::json) as poll (
    id bigint, leased_until timestamptz, is_put_off boolean, state text, next_poll_at timestamptz,
    interval_seconds integer, rhythm_seconds integer, newest_entry_at timestamptz, hints jsonb, failures integer,
    strikes smallint, gone_at timestamptz, moved_to text, moved_since timestamptz, moved_polls smallint,
    has_validators boolean, etag text, last_modified text, body_hash text, title text, site_url text, language text,
    started_at timestamptz, outcome text, status integer, error text, wire_bytes integer, duration_ms integer,
    inserted integer, updated integer, unchanged integer
  )
  where feeds.id = any (array(select id from locked)) and feeds.id = poll.id and feeds.leased_until = poll.leased_until
  returning feeds.id, feeds.poll_count, poll.is_put_off, poll.started_at, poll.outcome, poll.status, poll.error,
    poll.wire_bytes, poll.duration_ms, poll.inserted, poll.updated, poll.unchanged
), noted as (
  insert into polls (feed_id, started_at, outcome, status, wire_bytes, duration_ms, inserted, updated, unchanged, error)
  select id, started_at, outcome, status, coalesce(wire_bytes, 0), duration_ms, coalesce(inserted, 0), coalesce(updated, 0),
    coalesce(unchanged, 0), error
  from saved where is_put_off is not true
  on conflict do nothing
), forgotten as (
  -- Each feed's history is cut every 25 polls: fifty lines are left. The new line is not yet visible here.
  delete from polls using (
    select saved.id, oldest.started_at from saved, lateral (
      select polls.started_at from polls where polls.feed_id = saved.id order by polls.started_at desc offset 49 limit 1
    ) as oldest
    where is_put_off is not true and poll_count % 25 = 0
  ) as past
  where polls.feed_id = past.id and polls.started_at <= past.started_at
)
select coalesce(json_agg(id), '[]') as saved from saved
