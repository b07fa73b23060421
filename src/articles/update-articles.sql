-- New words for articles; answers which were written. Where words, picture or link changed, the old ones are kept and the
-- revision rises; another author or language, or another query of a link (a session's name), is no revision.
-- Two wordings in turn (a test of headlines) are kept once each: both are known, so that the one that stands now stays for
-- a day, and then gives way without a new revision.
-- A row that another run of the same poll has brought up to date meanwhile is left alone.
-- Rows are locked in the order of their ids: so no two polls can wait for each other.
-- $1 json array of articles, $2 now, $3 so many revisions of an article are kept.
with given as (
  select
    given.*,
    sha256(convert_to(json_build_array(
      title, summary, content, split_part(url, '?', 1), split_part(image, '?', 1)
    )::text, 'UTF8')) as words_hash
  from json_to_recordset($1::json) as given (
    id text, url text, title text, summary text, content text, author text, image text, language text,
    updated_at timestamptz, content_hash text
  )
),
locked as materialized (
  select article.*
  from articles article
  join given on given.id = article.id
  where article.content_hash is distinct from decode(given.content_hash, 'hex')
  order by article.id
  for no key update of article
),
compared as materialized (
  select
    locked.id, locked.title, locked.summary, locked.url, locked.image, locked.revision, locked.updated_at,
    given.words_hash as new_hash,
    sha256(convert_to(json_build_array(
      locked.title, locked.summary, locked.content, split_part(locked.url, '?', 1), split_part(locked.image, '?', 1)
    )::text, 'UTF8')) as old_hash,
    array_remove(array[
      case when locked.title is distinct from given.title then 'title' end,
      case when locked.summary is distinct from given.summary then 'summary' end,
      case when locked.content is distinct from given.content then 'content' end,
      case when split_part(locked.image, '?', 1) is distinct from split_part(given.image, '?', 1) then 'image' end,
      case when split_part(locked.url, '?', 1) is distinct from split_part(given.url, '?', 1) then 'url' end
    ], null) as changed
  from locked
  join given on given.id = locked.id
),
old as materialized (
  select compared.*, returned.is_known, cardinality(compared.changed) > 0 and not returned.is_known as is_revision
  from compared
  cross join lateral (
    select
      coalesce(bool_or(words_hash = compared.new_hash) and bool_or(words_hash = compared.old_hash), false) as is_known,
      max(replaced_at) as replaced_at
    from article_revisions earlier where earlier.article_id = compared.id
  ) returned
  where cardinality(compared.changed) = 0 or not returned.is_known
    or returned.replaced_at <= $2::timestamptz - interval '1 day'
),
kept as (
  insert into article_revisions (article_id, revision, title, summary, url, image, changed, words_hash, replaced_at)
  select id, revision, title, left(summary, 4096), url, image, changed, old_hash, $2::timestamptz
  from old where is_revision
  on conflict (article_id, revision) do nothing
),
returned as (
  update article_revisions earlier set replaced_at = $2::timestamptz
  from old
  where old.is_known and cardinality(old.changed) > 0
    and earlier.article_id = old.id and earlier.words_hash = old.old_hash
),
forgotten as (
  delete from article_revisions earlier using old
  where old.is_revision and earlier.article_id = old.id and earlier.revision <= old.revision - $3::int
)
update articles article set
  url = given.url,
  title = given.title,
  summary = given.summary,
  content = given.content,
  author = given.author,
  image = given.image,
  language = given.language,
  content_hash = decode(given.content_hash, 'hex'),
  revision = old.revision + old.is_revision::int,
  -- The feed's own date where it moved, else the time at which we saw the change.
  updated_at = case
    when cardinality(old.changed) = 0 then old.updated_at
    when given.updated_at > old.updated_at then given.updated_at
    else greatest(old.updated_at, $2::timestamptz)
  end,
  -- Copies and stories are looked for by title and summary.
  matched_at = case when old.changed && array['title', 'summary'] then null else article.matched_at end
from old
join given on given.id = old.id
where article.id = old.id
returning article.id
