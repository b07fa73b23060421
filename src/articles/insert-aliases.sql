-- Takes keys for articles; answers those that were free. This is where two polls that carry the same new article meet:
-- the second waits here until the first has committed, and then does not get the key.
-- All keys of a poll are taken by this one statement in their order: so no two polls can wait for each other.
-- $1 json array of {key, article}.
insert into article_aliases (key, article_id)
select decode(key, 'hex'), article
from json_to_recordset($1::json) as wanted (key text, article text)
order by decode(key, 'hex')
on conflict (key) do nothing
returning encode(key, 'hex') as key
