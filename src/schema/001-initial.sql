-- Everything that is remembered: feeds and their schedule, articles and where they came from, reads by time, lists.

create table categories (
  slug text primary key,
  name text not null,
  position integer not null default 0,
  -- Half-life of popular lists in hours, and when it was decided (src/ranking/half-lives.ts).
  half_life smallint not null default 3 check (half_life in (3, 6, 12, 24)),
  half_life_at timestamptz
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
  -- Whether it waits in the line of its host instead of the common one (src/feeds/claim.sql).
  waits_by_host boolean not null default false,
  -- When it was last put off unasked for the sake of its host; null once it has been polled.
  put_off_at timestamptz,
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
  default_zone text,
  -- Whether somebody chose its categories: FEEDS_FILE, which is read again at each start, gives it no others then.
  has_own_categories boolean not null default false,
  -- For how many days articles are kept after the feed dropped them; null: as long as everywhere.
  keep_days integer check (keep_days > 0),

  -- Whether its guids tell articles apart: 'changing' ones are new on each poll, 'reused' ones stand for one article
  -- after the other. What speaks for it is in guid_evidence (src/articles/guid-trust.ts).
  guid_trust text not null default 'trusted' check (guid_trust in ('trusted', 'changing', 'reused')),
  guid_trust_since timestamptz,
  guid_evidence jsonb
) with (fillfactor = 75);

-- The common line of due feeds, and those of single hosts.
create index feeds_due on feeds (next_poll_at)
  where state in ('active', 'quarantined', 'retired') and not waits_by_host;
create index feeds_due_by_host on feeds (host, next_poll_at)
  where state in ('active', 'quarantined', 'retired') and waits_by_host;
create index feeds_with_hub on feeds (id) where hub_url is not null;

-- Outlines of OPML files that hold no feed (empty folders, links, text), kept for an export: where each stood, and its
-- attributes.
create table other_outlines (
  id bigint generated always as identity primary key,
  place jsonb not null,
  outline jsonb not null
);
create unique index other_outlines_content on other_outlines (md5((place - 'position')::text || outline::text));

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
  content_hash bytea not null,
  -- Set for a copy: the article whose text it carries, for which it counts. That one is never a copy itself.
  original_id text collate "C" references articles,
  story_id bigint,
  -- When copies and stories were last looked for; null until then, and again after a new title or summary.
  matched_at timestamptz,
  -- Of the title: texts in Chinese, Japanese and Korean are matched apart from all others.
  script text not null generated always as (case when title ~ '[ぁ-ヿ㐀-鿿가-힣]' then 'cjk' else 'other' end) stored,
  check (original_id <> id)
);

create index articles_by_time on articles (published_at desc, id desc);
create index articles_by_language on articles (lower(split_part(translate(language, '_', '-'), '-', 1)), id);
create index articles_by_original on articles (original_id) where original_id is not null;
create index articles_by_story on articles (story_id) where story_id is not null;
create index articles_unmatched on articles (script, id) where matched_at is null;

-- Articles about the same event (articles.story_id). An id stays valid for as long as the story has articles: one that was
-- merged leads to the story that took its articles, in one step.
create table stories (
  id bigint generated always as identity primary key,
  merged_into bigint references stories on delete cascade,
  -- When the article that it began with was published.
  first_at timestamptz not null
);

create index stories_merged on stories (merged_into) where merged_into is not null;

-- The stories that may still grow: the heaviest terms of their articles with their weights, and the span of publication.
create table story_centroids (
  story_id bigint primary key references stories on delete cascade,
  terms text[] not null,
  weights real[] not null,
  -- Terms of which none may join it: what its feeds' other titles of the same pattern have in the place of its own words.
  barred text[] not null default '{}',
  size integer not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  touched_at timestamptz not null
) with (fillfactor = 80);

create index story_centroids_by_touch on story_centroids (touched_at);

-- Which open stories have a term. Each is once there, since one decides at a time; that the
-- index need not be unique makes an insert half as dear.
create table story_postings (
  term text collate "C" not null,
  story_id bigint not null
);

create index story_postings_by_term on story_postings (term, story_id);

-- In how many articles a term occurred, fading from counted_at on. `en:` counts the articles of English.
create table term_frequencies (
  term text collate "C" primary key,
  articles real not null,
  counted_at timestamptz not null
) with (fillfactor = 80);

-- What the articles of the last days are looked up by when a new one may be a copy (docs/copies.md). The title is without
-- wire marks and publishers; matched_at says when it came here, which decides who is the original of whom.
-- Unlogged: each row would write some 40 pages of the index, each a page of log. After a crash of the server it is made
-- anew from the articles.
create unlogged table fingerprints (
  article_id text collate "C" primary key references articles on delete cascade,
  published_at timestamptz not null,
  matched_at timestamptz not null,
  title text not null,
  keys integer[] not null
);

create index fingerprints_by_key on fingerprints using gin (keys) with (fastupdate = off);
create index fingerprints_by_time on fingerprints (published_at);

-- The last titles of each feed, from which the publisher's name at their end is learnt.
create table feed_titles (
  feed_id bigint primary key references feeds on delete cascade,
  titles text[] not null
);

-- Pairs of articles that a person joined or put apart, each in both directions: matching keeps to it for ever.
create table copy_decisions (
  article_id text collate "C" not null references articles on delete cascade,
  other_id text collate "C" not null references articles on delete cascade,
  are_copies boolean not null,
  primary key (article_id, other_id)
);

create index copy_decisions_by_other on copy_decisions (other_id);

-- Every key an article was ever known by: hashes of (feed, guid) and of canonical URLs. One key, one article. A weak key
-- (of a feed and a content, of a feed and a path) only proposes: it leads to the newest article that had it, and what
-- else is known decides.
create table article_aliases (
  key bytea primary key,
  article_id text collate "C" not null references articles on delete cascade,
  is_weak boolean not null default false
);

create index article_aliases_by_article on article_aliases (article_id);

-- Keys that a feed gave to several articles at a time: from this feed they tell nothing.
create table shared_keys (
  feed_id bigint not null references feeds on delete cascade,
  key bytea not null,
  primary key (feed_id, key)
);

-- Keys of articles that were removed, so that these do not come back as new: kept while a feed still carries them. feed_id
-- and seen_at say which did last; there is none for an article that nobody has brought again.
create table removed_keys (
  key bytea primary key,
  removed_at timestamptz not null,
  feed_id bigint references feeds on delete set null,
  seen_at timestamptz not null
);

create index removed_keys_by_time on removed_keys (seen_at);

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
create index sources_by_feed on sources (feed_id, article_id);

create table article_categories (
  article_id text collate "C" not null references articles on delete cascade,
  category text not null references categories on update cascade,
  primary key (article_id, category)
);

create index article_categories_by_category on article_categories (category, article_id);

-- What can be searched for, in a table of its own: whatever else changes in an article would write an index entry for
-- each of its words again.
create table article_words (
  article_id text collate "C" primary key references articles on delete cascade,
  words tsvector not null
);

-- New words wait in a list that each search reads through, until there are so many kB of them (docs/search.md).
create index article_words_by_word on article_words using gin (words) with (gin_pending_list_limit = 256);

-- What that index gives for a query, at most so many, and which of it matches another query as well. A function, because
-- only so a statement can bring a setting along: of a frequent word the planner reads the whole table, in the hope that it
-- comes soon.
create function articles_by_words(query tsquery, exact tsquery, most bigint) returns table (id text, is_match boolean)
language sql stable set enable_seqscan = off
as $$ select article_id, words @@ exact from article_words where words @@ query limit most $$;

-- What an article said before each update; its current words are in articles. The last fifty are kept, and of the text
-- only that it changed: it may be a megabyte.
create table article_revisions (
  article_id text collate "C" not null references articles on delete cascade,
  revision integer not null,
  title text not null,
  summary text not null,
  url text,
  image text,
  -- What its successor has otherwise: title, summary, content, image, url.
  changed text[] not null default '{}',
  -- Of title, summary and content: a wording that comes back is known again.
  words_hash bytea not null,
  replaced_at timestamptz not null,
  primary key (article_id, revision)
);
create index article_revisions_by_time on article_revisions (replaced_at);

-- Articles whose reads are to be counted anew because they became a copy or stopped being one, changed their categories,
-- or were removed: written in the same transaction as the change, taken by the counter (src/views/recount.ts). An article
-- that stands here already must be written again (do update), or the change may be lost to a recount under way.
create table count_changes (
  article_id text collate "C" primary key,
  changed_at timestamptz not null
);

-- Articles that were recounted, to be recounted once more when no collector can remember what they were before.
create table recounts (
  article_id text collate "C" primary key,
  due_at timestamptz not null
);

-- Removed articles whose place another took: an original's its oldest copy, a copy's its original. Reads that come late
-- go there, so it is kept for as long as archive_batches; and links lead there, for as long as the successor is kept.
create table article_successors (
  article_id text collate "C" primary key,
  successor_id text collate "C" not null,
  removed_at timestamptz not null
);

create index article_successors_by_successor on article_successors (successor_id);

-- Reads by article, time and class, as archived from Redis. A copy's reads stay under its own id, and whoever sums them
-- asks articles.original_id, so that a split gives each its own again. box_reads are those that our own box caused. class
-- says how they were reported, so that an attack can be taken out (src/views/view-class.ts).
--
-- slot is when the time begins that grain names: five minutes, rolled up to hours and days (src/views/roll-up.ts). A sum
-- over time adds rows of all grains; each read is in one of them. Partitions are made and dropped by src/views/partitions.ts.
create table read_counts (
  slot timestamptz not null,
  article_id text collate "C" not null,
  reads integer not null,
  box_reads integer not null default 0,
  class text collate "C" not null default 'beacon',
  grain text collate "C" not null default 'slot' check (grain in ('slot', 'hour', 'day')),
  primary key (slot, article_id, class, grain)
) partition by list (grain);

create index read_counts_by_article on read_counts (article_id, slot);

create table read_counts_slots partition of read_counts for values in ('slot') partition by range (slot);
create table read_counts_hours partition of read_counts for values in ('hour') partition by range (slot);
create table read_counts_days partition of read_counts for values in ('day') partition by range (slot);
create table read_counts_slots_other partition of read_counts_slots default;
create table read_counts_hours_other partition of read_counts_hours default;
create table read_counts_days_other partition of read_counts_days default;

-- Reads that somebody took out of all counts: those of a class (null: of all) in a period, of all articles or of one with
-- its copies; also those that come late. What was taken lies in revoked_counts, so that it can be given back.
create table revocations (
  id bigint generated always as identity primary key,
  class text collate "C",
  from_at timestamptz not null,
  to_at timestamptz not null,
  article_id text collate "C",
  made_by text not null,
  reason text not null default '',
  made_at timestamptz not null,
  undone_at timestamptz,
  undone_by text,
  -- Up to which change closed lists have followed: made_at or undone_at.
  closed_lists_at timestamptz,
  check (from_at < to_at)
);

create table revoked_counts (
  revocation_id bigint not null references revocations on delete cascade,
  slot timestamptz not null,
  article_id text collate "C" not null,
  reads integer not null,
  box_reads integer not null,
  class text collate "C" not null,
  grain text collate "C" not null,
  primary key (revocation_id, slot, article_id, class, grain)
);

create index revoked_counts_by_article on revoked_counts (article_id);

-- The archive batches that were written: a batch that is found again after a crash is refused here.
create table archive_batches (
  id text primary key,
  archived_at timestamptz not null
);

-- Logs of views that were imported (docs/import.md). A log is known again by its content, whatever its file is called: the
-- first `position` bytes of it, unpacked, are counted, and `hash` is their SHA-256; head is of its first record, to find it.
create sequence view_import_commits;

create table view_imports (
  id bigint generated always as identity primary key,
  head integer not null,
  position bigint not null,
  hash bytea not null,
  -- Before these bytes all lines are a day older than the last: an import that goes on needs not look there for visitors.
  warm bigint not null,
  -- Logs of one source follow each other in time; '' for a log that follows none.
  source text not null,
  -- The stretches of time that it told of, as [from, until] in milliseconds since 1970.
  spans json not null,
  name text not null,
  lines bigint not null,
  reads bigint not null,
  -- Lines that were no reads, by reason.
  refused json not null,
  started_at timestamptz not null,
  committed_at timestamptz not null,
  -- Rises with every commit of any import, so that two which run at once notice each other.
  commit_number bigint not null default nextval('view_import_commits'),
  -- The commit that closed lists have followed.
  closed_lists_number bigint
);

create index view_imports_by_head on view_imports (head);
create index view_imports_by_source on view_imports (source) where source <> '';
create index view_imports_by_commit on view_imports (commit_number);

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

-- What editors decided about lists: an article that is held at a place, or what is left out (src/ranking/curation.ts). A
-- decision is never changed and never deleted. It expires or is ended, so that the table is its own log.
create table curations (
  id bigint generated always as identity primary key,
  action text not null check (action in ('pin', 'exclude')),
  -- What value is: an article's id, a source or the host of its links, a category's slug, or words of titles.
  target text not null check (target in ('article', 'source', 'category', 'word')),
  value text not null,
  -- The lists that it is for; null: of every kind, of every scope.
  kind text,
  scope text,
  place integer check (place between 1 and 50),
  made_by text not null,
  reason text not null default '',
  made_at timestamptz not null,
  expires_at timestamptz,
  ended_at timestamptz,
  ended_by text,
  check ((action = 'pin') = (place is not null)),
  check (action = 'exclude' or target = 'article')
);

create index curations_in_force on curations (id) where ended_at is null;

-- Views of articles that were no reads, by hour and reason, for whoever asks why a list is as it is; kept for a week.
create table refused_views (
  article_id text collate "C" not null,
  hour timestamptz not null,
  reason text collate "C" not null,
  views integer not null,
  primary key (article_id, hour, reason)
);

create index refused_views_by_hour on refused_views (hour);

-- Finished hours, days, weeks and months of the site's zone whose lists were made. checked_at is when they were last held
-- against the archive, because an import or a revocation changed it.
create table closed_periods (
  period text not null check (period in ('hour', 'day', 'week', 'month')),
  start_at timestamptz not null,
  end_at timestamptz not null,
  closed_at timestamptz not null,
  checked_at timestamptz not null,
  primary key (period, start_at)
);

-- Their lists as they are served, of the scopes that were read at all. None is ever changed: where reads were revoked or
-- imported since, a later revision stands beside it, which says so.
create table closed_lists (
  period text not null,
  start_at timestamptz not null,
  scope text not null,
  revision integer not null default 1,
  body jsonb not null,
  primary key (period, start_at, scope, revision),
  foreign key (period, start_at) references closed_periods on delete cascade
);
