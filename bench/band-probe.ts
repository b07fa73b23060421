/**
 * What looking for candidates costs in a large index of fingerprints: GIN over arrays of keys against one btree row a key,
 * one table against three, and what it costs to add and to drop rows. Server time, from EXPLAIN ANALYZE.
 *
 *     DATABASE_URL=postgres://… node --import tsx bench/band-probe.ts [--rows 720000] [--keys 41] [--btree] [--parts 1]
 *
 * Takes a database of its own on the server, and up to 3 GB on its disk for two million rows.
 */
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { databaseUrl, openDatabase } from '../tests/support/engines.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '720000' },
    keys: { type: 'string', default: '41' },
    parts: { type: 'string', default: '1' },
    btree: { type: 'boolean', default: false },
  },
});
const [rows, keys, parts] = [values.rows, values.keys, values.parts].map(Number) as [number, number, number];
if (databaseUrl === undefined) throw new Error('set DATABASE_URL to a server');
const PROBES = 500;
const CHUNK = 20_000;

const { url, close } = await openDatabase(databaseUrl, async () => {});
// A connection of its own: those of the product end statements after 30 seconds.
const client = new Client(url);
await client.connect();
const sql = {
  script: (text: string) => client.query(text),
  query: <Row extends object>(text: string) => client.query<Row>(text),
};
type Sql = typeof sql;
const randomKeys = (from: string) =>
  `array(select (random() * 4294967295 - 2147483648)::int8::int4 from generate_series(1, ${keys}) where ${from} is not null)`;

await (values.btree ? btree(sql) : gin(sql));
await client.end();
await close();

async function gin(on: Sql): Promise<void> {
  await on.script(`create table prints (id text collate "C", part smallint, published_at timestamptz, keys int4[])
    ${parts > 1 ? 'partition by list (part)' : ''};
    create table fresh as select 'y' || n as id, n, ${randomKeys('n')} as keys from generate_series(1, ${4 * PROBES}) n`);
  if (parts > 1) {
    for (let part = 0; part < parts; part++)
      await on.script(`create table prints_${part} partition of prints for values in (${part})`);
  }
  await fill(
    on,
    (from, to) => `insert into prints select 'x' || n, n / ${Math.ceil(rows / parts)}, now(), ${randomKeys('n')}
    from generate_series(${from}, ${to} - 1) n`,
  );
  const built = await timed(() =>
    on.script(`set maintenance_work_mem = '256MB';
      create index prints_by_key on prints using gin (keys) with (fastupdate = off)`),
  );
  await on.script('vacuum analyze prints');
  // A tenth of the probes finds something.
  await on.script(`update fresh set keys = fresh.keys[1:${keys - 4}] || prints.keys[1:4]
    from prints where fresh.n % 10 = 0 and prints.id = 'x' || (fresh.n * 100)`);
  const probe = `select count(*) from (select * from fresh where n <= ${PROBES}) fresh
    cross join lateral (select * from prints where prints.keys && fresh.keys limit 100) found`;
  const insert = (from: number) =>
    `insert into prints select id, ${parts - 1}, now(), keys from fresh where n > ${from} and n <= ${from + PROBES}`;
  await explain(on, probe);
  console.log({
    ...{ kind: 'gin', rows, keys, parts, buildSeconds: Math.round(built / 1000), megabytes: await size(on) },
    probeMs: (await explain(on, probe)) / PROBES,
    insertMs: ((await explain(on, insert(PROBES))) + (await explain(on, insert(2 * PROBES)))) / 2 / PROBES,
    deleteSeventhAndVacuumMs:
      parts > 1
        ? await timed(() => on.script('truncate prints_0'))
        : await timed(async () => {
            await on.script(`delete from prints where hashtext(id) % 7 = 0`);
            await on.script('vacuum prints');
          }),
  });
}

async function btree(on: Sql): Promise<void> {
  await on.script(`create table bands (key int4, id text collate "C", published_at timestamptz);
    create table fresh as select 'y' || n as id, n, ${randomKeys('n')} as keys from generate_series(1, ${4 * PROBES}) n`);
  await fill(
    on,
    (from, to) => `insert into bands select (random() * 4294967295 - 2147483648)::int8::int4, 'x' || n, now()
    from generate_series(${from}, ${to} - 1) n cross join generate_series(1, ${keys}) key`,
  );
  const built = await timed(() => on.script(`set maintenance_work_mem = '256MB'; create index on bands (key)`));
  await on.script('vacuum analyze bands');
  const probe = `select count(*) from (select * from fresh where n <= ${PROBES}) fresh
    cross join lateral (select * from bands where bands.key = any (fresh.keys) limit 100) found`;
  const insert = (from: number) =>
    `insert into bands select key, id, now() from fresh, unnest(keys) key where n > ${from} and n <= ${from + PROBES}`;
  await explain(on, probe);
  console.log({
    ...{ kind: 'btree', rows, keys, buildSeconds: Math.round(built / 1000), megabytes: await size(on) },
    probeMs: (await explain(on, probe)) / PROBES,
    insertMs: ((await explain(on, insert(PROBES))) + (await explain(on, insert(2 * PROBES)))) / 2 / PROBES,
  });
}

async function fill(on: Sql, insert: (from: number, to: number) => string): Promise<void> {
  for (let from = 0; from < rows; from += CHUNK) await on.script(insert(from, Math.min(rows, from + CHUNK)));
}

async function explain(on: Sql, statement: string): Promise<number> {
  const { rows: lines } = await on.query<{ 'QUERY PLAN': string }>(`explain (analyze, timing off) ${statement}`);
  const time = /Execution Time: ([\d.]+)/.exec(lines.map((line) => line['QUERY PLAN']).join('\n'));
  return Number(time?.[1]);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round(performance.now() - start);
}

async function size(on: Sql): Promise<number> {
  const { rows: sizes } = await on.query<{ size: number }>('select pg_database_size(current_database()) as size');
  return Math.round((sizes[0]?.size ?? 0) / 1e6);
}
