-- What can be searched for of articles, where it is new or changed.
-- $1 ids of articles, $2 tsvectors as text.
insert into article_words (article_id, words)
select id, words::tsvector
from unnest($1::text[], $2::text[]) as given (id, words)
order by id
on conflict (article_id) do update set words = excluded.words
where article_words.words is distinct from excluded.words
