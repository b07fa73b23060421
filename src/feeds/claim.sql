-- Takes feeds that are due, gives each a lease and names them. In turns by host: the first due feed of every host, then
-- the second of every host, and of none more than its share, so that no host fills a batch.
-- One statement, so that any number of schedulers may run it at once: rows that another one holds are skipped, and what
-- it took meanwhile is no longer free when the condition is looked at again under the lock.
-- There are two lines. Feeds wait in the common one, by the time at which they are due; it is looked at from the front,
-- a fixed number of feeds deep. Where one host has more than its share there, all its feeds found move to a line of that
-- host, of which the front alone is looked at: what such a host has waiting, a million feeds or ten, costs a claim no
-- more, and nobody behind it waits for it. A feed leaves that line when it has been polled (save-poll.sql). What is being
-- polled counts as part of the host's share.
-- A lease that ran out without being released means that an attempt never ended. Its feed becomes suspect (one strike);
-- from then on each attempt is written down before it begins (beginPolls), and one that took the whole process along
-- three times is kept away for a day. A feed that is not suspect costs no extra write.
-- $1 now  $2 limit  $3 share of one host  $4 end of the lease  $5 due feeds of the common line that are looked at
-- $6 strikes that are too many  $7 seconds of quarantine
with recursive head as (
  select id, host, next_poll_at from feeds
  where state in ('active', 'quarantined', 'retired') and not waits_by_host and next_poll_at <= $1
    and (leased_until is null or leased_until <= $1)
  order by next_poll_at limit $5
), start as (
  -- Where the walk through the hosts with a line of their own begins: elsewhere each time, so that where there are more
  -- of them than places, each has its turn.
  select coalesce((
    select host from feeds
    where id >= mod((extract(epoch from $1::timestamptz) * 7919000)::bigint, (select max(id) from feeds))
    order by id limit 1
  ), '') as host
), walk (host, until) as (
  -- From one host to the next by the index: from the start to the end, and from the beginning to the start.
  (select feeds.host, null::text from feeds
   where state in ('active', 'quarantined', 'retired') and waits_by_host and feeds.host >= (select host from start)
   order by feeds.host limit 1)
  union all
  (select feeds.host, (select host from start) from feeds
   where state in ('active', 'quarantined', 'retired') and waits_by_host and feeds.host < (select host from start)
   order by feeds.host limit 1)
  union all
  select next.host, walk.until from walk cross join lateral (
    select feeds.host from feeds
    where state in ('active', 'quarantined', 'retired') and waits_by_host and feeds.host > walk.host
      and (walk.until is null or feeds.host < walk.until)
    order by feeds.host limit 1
  ) as next
), crowds as materialized (
  select host from walk limit $2
), fronts as (
  select front.id, crowds.host, front.next_poll_at from crowds cross join lateral (
    select id, next_poll_at, leased_until from feeds
    where state in ('active', 'quarantined', 'retired') and waits_by_host and feeds.host = crowds.host
    order by next_poll_at limit $3
  ) as front
  where front.next_poll_at <= $1 and (front.leased_until is null or front.leased_until <= $1)
), judged as (
  select id, host, next_poll_at, count(*) over (partition by host) > $3 as is_found,
    host = any (array(select host from crowds)) as is_known
  from head
), ranked as (
  select id, next_poll_at, row_number() over (partition by host order by next_poll_at, id) as turn
  from (
    select id, host, next_poll_at from judged where not is_known
    union all select id, host, next_poll_at from fronts
  ) as due
), chosen as (
  select id, turn from ranked where turn <= $3 order by turn, next_poll_at limit $2
), moved as (
  select id from judged where is_found or is_known
), free as (
  select feeds.id, feeds.leased_until is not null as is_unfinished, feeds.id in (select id from chosen) as is_chosen
  from feeds
  where feeds.id = any (array(select id from chosen union select id from moved))
    and state in ('active', 'quarantined', 'retired') and next_poll_at <= $1
    and (leased_until is null or leased_until <= $1)
  for update skip locked
), taken as (
  update feeds set
    waits_by_host = waits_by_host or feeds.id in (select id from moved),
    leased_until = case
      when not is_chosen then leased_until
      when is_unfinished and strikes >= $6 then null
      else $4::timestamptz
    end,
    state = case when is_chosen and is_unfinished and strikes >= $6 then 'quarantined' else state end,
    next_poll_at = case
      when is_chosen and is_unfinished and strikes >= $6 then $1::timestamptz + make_interval(secs => $7)
      else next_poll_at
    end,
    -- Of the attempts that ended so nobody was left to say anything.
    last_outcome = case when is_chosen and is_unfinished and strikes >= $6 then 'failed:parse' else last_outcome end,
    last_error = case
      when is_chosen and is_unfinished and strikes >= $6
        then 'Each attempt to read it ended the process. The feed is in quarantine: one attempt a day.'
      else last_error
    end,
    strikes = case
      when not (is_chosen and is_unfinished) then strikes
      when strikes >= $6 then $6 - 1
      else greatest(strikes, 1)
    end
  from free
  where feeds.id = free.id
  returning feeds.id, is_chosen, is_chosen and feeds.leased_until is not null as is_leased
)
-- In turns again: feeds that are neighbours here are polled at the same time. What only changed lines comes last.
select id, is_leased, is_chosen from taken left join chosen using (id) order by turn, id
