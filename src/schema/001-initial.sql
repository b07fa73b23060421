-- Everything that is remembered: feeds and their schedule, articles and where they came from, reads by time, lists.

create table categories (
  slug text primary key,
  name text not null,
  position integer not null default 0
);

-- A URL we poll. PostgreSQL owns the schedule (next_poll_at, leased_until); the queue is only a hint.
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

  -- Validators as the server gave them, byte for byte, saved only together with the entries they stand for.
  etag text,
  last_modified text,
  body_hash bytea,

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
  moved_to text,
  moved_since timestamptz,
  moved_polls smallint not null default 0,

  -- What the owner of this installation set for this feed.
  request_headers jsonb not null default '{}',
  basic_auth text,
  user_agent text,
  default_zone text
);

create index feeds_due on feeds (next_poll_at) where state in ('active', 'quarantined', 'retired');

create table feed_categories (
  feed_id bigint not null references feeds on delete cascade,
  category text not null references categories on update cascade,
  primary key (feed_id, category)
);

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
