-- Puts articles where later ones find them. Who was matched before keeps that time.
-- $1 json array of {id, published_at, title, keys}, $2 now.
insert into fingerprints (article_id, published_at, matched_at, title, keys)
select id, published_at, $2::timestamptz, title, keys
from json_to_recordset($1::json) as given (id text, published_at timestamptz, title text, keys integer[])
on conflict (article_id) do update set title = excluded.title, keys = excluded.keys
where (fingerprints.title, fingerprints.keys) is distinct from (excluded.title, excluded.keys)
