-- Takes keys for articles; answers those that were free. This is where two polls that carry the same new article meet:
-- the second waits here until the first has committed, and then does not get the key.
-- All keys of a poll are taken by this one statement in their order: so no two polls can wait for each other.
-- A weak key goes to the newest article that has it.
-- $1 json array of {key, article, weak}; no key twice.
insert into article_aliases (key, article_id, is_weak)
select decode(key, 'hex'), article, weak
from json_to_recordset($1::json) as wanted (key text, article text, weak boolean)
order by decode(key, 'hex')
on conflict (key) do update set article_id = excluded.article_id
where article_aliases.is_weak and article_aliases.article_id is distinct from excluded.article_id
returning encode(key, 'hex') as key
