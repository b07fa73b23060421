-- New words for articles. Where the words changed, the old ones are kept and the revision rises; a new link, picture or
-- author alone is no revision. A row that another run of the same poll has brought up to date meanwhile is left alone.
-- Rows are locked in the order of their ids: so no two polls can wait for each other.
-- $1 json array of articles, $2 now.
with given as (
  select * from json_to_recordset($1::json) as given (
    id text, url text, title text, summary text, content text, author text, image text, language text,
    updated_at timestamptz, content_hash text
  )
),
old as materialized (
  select
    article.id, article.title, article.summary, article.revision, article.updated_at,
    (article.title, article.summary, article.content) is distinct from (given.title, given.summary, given.content)
      as is_revision
  from articles article
  join given on given.id = article.id
  where article.content_hash is distinct from decode(given.content_hash, 'hex')
  order by article.id
  for no key update of article
),
kept as (
  insert into article_revisions (article_id, revision, title, summary, replaced_at)
  select id, revision, title, summary, $2::timestamptz from old where is_revision
  on conflict (article_id, revision) do nothing
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
    when not old.is_revision then old.updated_at
    when given.updated_at > old.updated_at then given.updated_at
    else greatest(old.updated_at, $2::timestamptz)
  end
from old
join given on given.id = old.id
where article.id = old.id
