-- Writes what polls came to: the feeds' rows, their leases released, and a line of history for each.
-- One statement for as many polls as ended together, since most bring nothing new and this is all that they cost. It
-- writes nothing of a poll whose lease is no longer the one that it began with: it took too long and the feed was given
-- to another, or the job ran twice and this is the later one.
-- $1 polls as JSON, each as pollRow in save-poll.ts makes it. Of a poll that was only put off, and reached no server,
-- nothing is left but the new time, and when that was.
with saved as (
  update feeds set
    leased_until = null,
    waits_by_host = false,
    put_off_at = case when poll.is_reached then null else poll.started_at end,
    -- State and hints are null where the poll changes nothing about them. A pause that came meanwhile stays.
    state = case when feeds.state = 'paused' then feeds.state else coalesce(poll.state, feeds.state) end,
    next_poll_at = poll.next_poll_at,
    interval_seconds = poll.interval_seconds,
    rhythm_seconds = poll.rhythm_seconds,
    newest_entry_at = poll.newest_entry_at,
    hints = coalesce(poll.hints, feeds.hints),
    failures = poll.failures,
    strikes = poll.strikes,
    gone_at = poll.gone_at,
    moved_to = poll.moved_to,
    moved_since = poll.moved_since,
    moved_polls = poll.moved_polls,
    etag = case when poll.has_validators then poll.etag else feeds.etag end,
    last_modified = case when poll.has_validators then poll.last_modified else feeds.last_modified end,
    body_hash = case when poll.has_validators then decode(poll.body_hash, 'hex') else feeds.body_hash end,
    title = case when feeds.title = '' then coalesce(poll.title, '') else feeds.title end,
    site_url = coalesce(feeds.site_url, poll.site_url),
    language = coalesce(feeds.language, poll.language),
    poll_count = poll_count + case when poll.is_reached then 1 else 0 end,
    last_polled_at = case when poll.is_reached then poll.started_at else last_polled_at end,
    last_success_at = case when poll.is_success then poll.started_at else last_success_at end,
    last_outcome = case when poll.is_reached then poll.outcome else last_outcome end,
    last_status = case when poll.is_reached then poll.status else last_status end,
    last_error = case when poll.is_reached then poll.error else last_error end
  from json_to_recordset($1::json) as poll (
    id bigint, leased_until timestamptz, is_reached boolean, is_success boolean, state text, next_poll_at timestamptz,
    interval_seconds integer, rhythm_seconds integer, newest_entry_at timestamptz, hints jsonb, failures integer,
    strikes smallint, gone_at timestamptz, moved_to text, moved_since timestamptz, moved_polls smallint,
    has_validators boolean, etag text, last_modified text, body_hash text, title text, site_url text, language text,
    started_at timestamptz, outcome text, status integer, error text, wire_bytes integer, duration_ms integer,
    inserted integer, updated integer, unchanged integer
  )
  where feeds.id = poll.id and feeds.leased_until = poll.leased_until
  returning feeds.id, feeds.poll_count, poll.is_reached, poll.started_at, poll.outcome, poll.status, poll.error,
    poll.wire_bytes, poll.duration_ms, poll.inserted, poll.updated, poll.unchanged
), noted as (
  insert into polls (feed_id, started_at, outcome, status, wire_bytes, duration_ms, inserted, updated, unchanged, error)
  select id, started_at, outcome, status, wire_bytes, duration_ms, inserted, updated, unchanged, error
  from saved where is_reached
  on conflict do nothing
), forgotten as (
  -- Each feed's history is cut every 25 polls: fifty lines are left. The new line is not yet visible here.
  delete from polls using (
    select saved.id, oldest.started_at from saved, lateral (
      select polls.started_at from polls where polls.feed_id = saved.id order by polls.started_at desc offset 49 limit 1
    ) as oldest
    where is_reached and poll_count % 25 = 0
  ) as past
  where polls.feed_id = past.id and polls.started_at <= past.started_at
)
select id from saved
