-- Gives up articles that another poll stored first: their own keys go to the other's article.
-- Only rows of this transaction are touched, so that this never waits.
-- $1 json array of {loser, winner}.
with lost as (select * from json_to_recordset($1::json) as lost (loser text, winner text))
update article_aliases alias set article_id = lost.winner
from lost where alias.article_id = lost.loser
