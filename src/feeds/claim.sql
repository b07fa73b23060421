-- Takes feeds that are due, gives each a lease and names them. In turns by host: the first due feed of every host, then
-- the second of every host, and of none more than its share, so that no host fills a batch.
-- One statement, so that any number of schedulers may run it at once: rows that another one holds are skipped, and what
-- it took meanwhile is no longer free when the condition is looked at again under the lock.
-- A lease that ran out without being released means that an attempt never ended. Its feed becomes suspect (one strike);
-- from then on each attempt is written down before it begins (beginPolls), and one that took the whole process along
-- three times is kept away for a day. A feed that is not suspect costs no extra write.
-- $1 now  $2 limit  $3 share of one host  $4 end of the lease  $5 due feeds that are looked at: the head of the line
-- $6 strikes that are too many  $7 seconds of quarantine
with head as (
  select id, host, next_poll_at from feeds
  where state in ('active', 'quarantined', 'retired') and next_poll_at <= $1
    and (leased_until is null or leased_until <= $1)
  order by next_poll_at limit $5
), crowds as (
  -- Hosts that have more than their share in the head, only where that leaves places free which others could take.
  select host from head group by host having count(*) > $3
    and (select count(*) from head) >= $5
    and (select sum(least(share, $3)) from (select count(*) as share from head group by host) as shares) < $2
), behind as (
  -- The index alone tells the crowd from the others: with 20,000 feeds of one host at the front, 10 ms instead of 110.
  select line.id, line.host, line.next_poll_at
  from feeds line
  cross join lateral (
    select from feeds where id = line.id and (leased_until is null or leased_until <= $1) offset 0
  ) as unleased
  where exists (select from crowds) and line.host <> all (array(select host from crowds))
    and line.state in ('active', 'quarantined', 'retired') and line.next_poll_at <= $1
  order by line.next_poll_at limit $5
), ranked as (
  select id, next_poll_at, row_number() over (partition by host order by next_poll_at, id) as turn
  from (select * from head union select * from behind) as due
), chosen as (
  select id, turn from ranked where turn <= $3 order by turn, next_poll_at limit $2
), free as (
  select feeds.id, feeds.leased_until is not null as is_unfinished
  from feeds
  where feeds.id = any (array(select id from chosen))
    and state in ('active', 'quarantined', 'retired') and next_poll_at <= $1
    and (leased_until is null or leased_until <= $1)
  for update skip locked
), taken as (
  update feeds set
    leased_until = case when is_unfinished and strikes >= $6 then null else $4::timestamptz end,
    state = case when is_unfinished and strikes >= $6 then 'quarantined' else state end,
    next_poll_at = case
      when is_unfinished and strikes >= $6 then $1::timestamptz + make_interval(secs => $7) else next_poll_at
    end,
    strikes = case when not is_unfinished then strikes when strikes >= $6 then $6 - 1 else greatest(strikes, 1) end
  from free
  where feeds.id = free.id
  returning feeds.id, feeds.leased_until is not null as is_leased
)
-- In turns again: feeds that are neighbours here are polled at the same time.
select id, is_leased from taken join chosen using (id) order by turn, id
