-- Everything that is remembered: feeds and their schedule, articles and where they came from, reads by time, lists.

create table categories (
  slug text primary key,
  name text not null,
  position integer not null default 0
);

-- A URL we poll. PostgreSQL owns the schedule (next_poll_at, leased_until); the queue is only a hint. Each poll writes
-- the row three times (claimed, begun, done): room in its page spares the first two the indexes.
create table feeds (
  id bigint generated always as identity primary key,
  url text not null unique,
  -- Registrable domain of the URL: the unit of fairness and politeness.
  host text not null,
  title text not null default '',
  site_url text,
  language text,
  state text not null default 'active' check (state in ('active', 'paused', 'retired', 'quarantined')),
  created_at timestamptz not null default now(),

  next_poll_at timestamptz not null default now(),
  leased_until timestamptz,
  interval_seconds integer not null default 900,
  -- What the interval is made of, kept for the polls that bring no body: half the median gap between entries, when the
  -- newest appeared, and what the publisher asks for.
  rhythm_seconds integer,
  newest_entry_at timestamptz,
  hints jsonb not null default '{}',
  poll_count integer not null default 0,
  -- WebSub: the hub that the feed names, and the name that it has there.
  hub_url text,
  topic_url text,

  -- Validators as the server gave them, byte for byte, saved only together with the entries they stand for.
  etag text,
  last_modified text,
  body_hash bytea,
  -- False once a validator was caught standing for two different contents: the feed is always asked for as a whole.
  trusts_validators boolean not null default true,

  last_polled_at timestamptz,
  last_success_at timestamptz,
  last_outcome text,
  last_status integer,
  last_error text,
  -- Failures in a row; 0 after a success.
  failures integer not null default 0,
  -- Attempts whose parser died, written before the attempt and cleared after it.
  strikes smallint not null default 0,
  gone_at timestamptz,
  -- Since when the server has said nothing but 404 or 403; null where it does not.
  missing_since timestamptz,
  moved_to text,
  moved_since timestamptz,
  moved_polls smallint not null default 0,

  -- What its OPML file said of it beyond the columns above, given back by an export: text, description, category, places.
  outline jsonb not null default '{}',

  -- What the owner of this installation set for this feed.
  request_headers jsonb not null default '{}',
  basic_auth text,
  user_agent text,
  default_zone text
) with (fillfactor = 75);

create index feeds_due on feeds (next_poll_at) where state in ('active', 'quarantined', 'retired');
create index feeds_with_hub on feeds (id) where hub_url is not null;

-- URLs that a feed had before it moved: added again (from the OPML file, at each start), they mean the same feed.
create table feed_aliases (
  url text primary key,
  feed_id bigint not null references feeds on delete cascade
);

create table feed_categories (
  feed_id bigint not null references feeds on delete cascade,
  category text not null references categories on update cascade,
  primary key (feed_id, category)
);

-- WebSub: what a feed's hub was asked for and what it said. The row outlives its feed, so that the hub can be told.
create table subscriptions (
  id bigint generated always as identity primary key,
  feed_id bigint references feeds on delete set null,
  hub text not null,
  topic text not null,
  -- Where the hub reaches us: base URL and the secret part of the path. Signatures are made with the secret.
  public_url text not null,
  token text not null unique,
  secret text not null,
  -- wanted: asked for or about to be; verified: the hub pushes; denied: it will not, for now; ending: to be taken back;
  -- ended: kept for a day, so that a late question of the hub's is understood.
  state text not null default 'wanted' check (state in ('wanted', 'verified', 'denied', 'ending', 'ended')),
  next_attempt_at timestamptz not null,
  requested_at timestamptz,
  -- Requests since the hub last confirmed one.
  failures integer not null default 0,
  verified_at timestamptz,
  lease_until timestamptz,
  last_push_at timestamptz,
  -- When a poll found what should have been pushed: until the next push, polling does not rely on the hub.
  missed_at timestamptz,
  -- Hashes of the last pushes: each is taken once.
  recent_pushes bytea[] not null default '{}',
  last_error text
);

create unique index subscriptions_by_feed on subscriptions (feed_id) where state not in ('ending', 'ended');
create index subscriptions_due on subscriptions (next_attempt_at);

-- The last polls of each feed, for people (`feeds explain`).
create table polls (
  feed_id bigint not null references feeds on delete cascade,
  started_at timestamptz not null,
  outcome text not null,
  status integer,
  wire_bytes integer not null default 0,
  duration_ms integer not null default 0,
  inserted integer not null default 0,
  updated integer not null default 0,
  unchanged integer not null default 0,
  error text,
  primary key (feed_id, started_at)
);

create sequence article_sequence;

create table articles (
  -- ArticleId: sorts by first publication (src/ids.ts), byte order.
  id text collate "C" primary key,
  url text,
  title text not null,
  summary text not null default '',
  content text not null default '',
  author text,
  image text,
  language text,
  published_at timestamptz not null,
  -- Where published_at came from: 'feed', 'updated' or 'first-seen'.
  published_from text not null,
  first_seen_at timestamptz not null,
  updated_at timestamptz not null,
  revision integer not null default 1,
  -- Of title, url, summary, content, author and image: an article whose hash is the same is not written.
  content_hash bytea not null
);

create index articles_by_time on articles (published_at desc, id desc);

-- Every key an article was ever known by: hashes of (feed, guid) and of canonical URLs. One key, one article.
create table article_aliases (
  key bytea primary key,
  article_id text collate "C" not null references articles on delete cascade
);

create index article_aliases_by_article on article_aliases (article_id);

-- Which feed carried which article under which guid.
create table sources (
  feed_id bigint not null references feeds on delete cascade,
  guid_hash bytea not null,
  article_id text collate "C" not null references articles on delete cascade,
  guid text not null,
  url text,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  primary key (feed_id, guid_hash)
);

create index sources_by_article on sources (article_id);

create table article_categories (
  article_id text collate "C" not null references articles on delete cascade,
  category text not null references categories on update cascade,
  primary key (article_id, category)
);

create index article_categories_by_category on article_categories (category, article_id);

-- What an article said before each update; its current words are in articles.
create table article_revisions (
  article_id text collate "C" not null references articles on delete cascade,
  revision integer not null,
  title text not null,
  summary text not null,
  replaced_at timestamptz not null,
  primary key (article_id, revision)
);

-- Reads by article and 5-minute slot, as archived from Redis. box_reads are those that our own box caused.
create table read_counts (
  slot timestamptz not null,
  article_id text collate "C" not null,
  reads integer not null,
  box_reads integer not null default 0,
  primary key (slot, article_id)
);

create index read_counts_by_article on read_counts (article_id, slot);

-- The archive batches that were written: a batch that is found again after a crash is refused here.
create table archive_batches (
  id text primary key,
  archived_at timestamptz not null
);

-- Lists as they were published. span is the window's id ('24h'), '-' for lists without one.
create table list_snapshots (
  kind text not null,
  scope text not null,
  span text not null,
  as_of timestamptz not null,
  version text not null,
  body jsonb not null,
  primary key (kind, scope, span, as_of)
);

create index list_snapshots_by_time on list_snapshots (as_of);
