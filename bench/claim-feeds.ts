/**
 * How long a claim of due feeds takes among very many, with hosts alike and with one host of which
 * very many feeds are due longest.
 *
 *     DATABASE_URL=postgres://… node --import tsx bench/claim-feeds.ts [--feeds 1000000] [--limit 250] [--crowd 20000] [--claims 20]
 *
 * Takes a database of its own on the server, and about 1 GB on its disk for a million feeds.
 */
import { parseArgs } from 'node:util';
import type { Sql } from '../src/engines/sql.ts';
import { claimDueFeeds } from '../src/feeds/claim.ts';
import { migrate } from '../src/schema/migrate.ts';
import { databaseUrl, openDatabase } from '../tests/support/engines.ts';

const { values } = parseArgs({
  options: {
    feeds: { type: 'string', default: '1000000' },
    limit: { type: 'string', default: '250' },
    claims: { type: 'string', default: '20' },
    crowd: { type: 'string', default: '20000' },
  },
});
const [feeds, limit, claims, crowd] = [values.feeds, values.limit, values.claims, values.crowd].map(Number) as [
  number,
  number,
  number,
  number,
];
if (databaseUrl === undefined) throw new Error('set DATABASE_URL to a server');

const { sql, close } = await openDatabase(databaseUrl, migrate);
const start = new Date();
/** Rows of one statement, which must end before the session's time limit on a busy machine too. */
const CHUNK = 100_000;
for (let first = 1; first <= feeds; first += CHUNK) {
  await insertFeeds(first, Math.min(feeds, first + CHUNK - 1));
}
await sql.script('vacuum analyze feeds');
console.log({ feeds, limit, hostsAlike: await claimMany(sql) });

// Twice, the second time ten times as many: what a claim costs must not follow from it.
for (const size of [crowd, crowd * 10]) {
  await sql.query(
    `update feeds set leased_until = null, waits_by_host = false,
       host = case when id % ($1::integer / $3::integer) = 0 then 'crowd.example' else host end,
       next_poll_at = case when id % ($1::integer / $3::integer) = 0 then $2::timestamptz - interval '1 day' else next_poll_at end
     where id % ($1::integer / $3::integer) = 0 or leased_until is not null or waits_by_host`,
    [feeds, start, size],
  );
  await sql.script('vacuum analyze feeds');
  console.log({ crowd: size, findingIt: await claimMany(sql), afterwards: await claimMany(sql) });
  await moveAll(sql);
  console.log({ crowd: size, allInItsOwnLine: await claimMany(sql) });
}
await close();

/** Claims until the whole crowd has a line of its own. */
async function moveAll(on: Sql): Promise<void> {
  for (let left = 1; left > 0; ) {
    for (let claim = 0; claim < 50; claim++) {
      await claimDueFeeds(on, { limit, perHost: 60, leasedUntil: start }, start);
    }
    const { rows } = await on.query<{ left: number }>(
      "select count(*) as left from feeds where host = 'crowd.example' and not waits_by_host",
    );
    left = rows[0]?.left ?? 0;
  }
}

/** As if all schedulers had been away for 300 seconds: so many of the polls are due. */
async function insertFeeds(first: number, last: number): Promise<void> {
  await sql.query(
    `insert into feeds (url, host, etag, last_modified, body_hash, title, next_poll_at)
     select 'https://www.host-' || n % 50000 || '.example/section/' || n || '/feed.xml', 'host-' || n % 50000 || '.example',
            '"' || md5(n::text) || '"', 'Mon, 23 Nov 2026 03:00:00 GMT', decode(repeat(md5(n::text), 2), 'hex'),
            'Title of feed ' || n, $3::timestamptz + make_interval(secs => (random() * 3600 * 6)::float8 - 300)
     from generate_series($1::integer, $2::integer) as n`,
    [first, last, start],
  );
}

/** Milliseconds of each claim, the first two left out. */
async function claimMany(on: Sql): Promise<object> {
  const times: number[] = [];
  let claimed = 0;
  for (let claim = 0; claim < claims + 2; claim++) {
    const startedAt = performance.now();
    const leasedUntil = new Date(start.getTime() + 60_000);
    const { feeds: ids } = await claimDueFeeds(on, { limit, perHost: 60, leasedUntil }, start);
    if (claim < 2) continue;
    times.push(performance.now() - startedAt);
    claimed += ids.length;
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => Number((times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1));
  return { claimed, p50: at(0.5), p90: at(0.9), max: at(1) };
}
