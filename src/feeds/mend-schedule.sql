-- Takes back what a clock that was ahead has written: polls that are said to have been in the future, and leases that
-- end later than any can. Each feed keeps the interval that it was given, counted from now.
-- Rows are locked in the order of their ids, as by everybody who takes many feeds.
-- $1 now  $2 the longest lease (seconds)
with locked as materialized (
  select id from feeds
  where last_polled_at > $1 or leased_until > $1::timestamptz + make_interval(secs => $2)
  order by id for no key update
)
update feeds set
  next_poll_at = case
    when last_polled_at > $1::timestamptz then next_poll_at - (last_polled_at - $1::timestamptz) else next_poll_at
  end,
  last_polled_at = least(last_polled_at, $1),
  leased_until = case when leased_until > $1::timestamptz + make_interval(secs => $2) then null else leased_until end
from locked where feeds.id = locked.id
