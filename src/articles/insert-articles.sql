-- New articles, one row each. Ids are unique by their sequence, so that nothing can conflict here.
-- $1 json array of articles, $2 now.
insert into articles (
  id, url, title, summary, content, author, image, language,
  published_at, published_from, first_seen_at, updated_at, content_hash
)
select
  id, url, title, summary, content, author, image, language,
  published_at, published_from, $2::timestamptz, updated_at, decode(content_hash, 'hex')
from json_to_recordset($1::json) as new_article (
  id text, url text, title text, summary text, content text, author text, image text, language text,
  published_at timestamptz, published_from text, updated_at timestamptz, content_hash text
)
