import { createHash, randomBytes } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { Redis } from 'ioredis';
import { sqlOnPglite } from '../../src/engines/pglite.ts';
import { openPostgres } from '../../src/engines/postgres.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { startValkey } from '../../src/engines/valkey.ts';
import { migrate, readMigrations } from '../../src/schema/migrate.ts';

/** The servers that tests run on, where they are not to run on the embedded engines. */
export const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = process.env;

/** For `{ skip }` of tests that mean nothing on one session: locks, SKIP LOCKED, racing writers. */
export const skipWithoutPostgres = databaseUrl === undefined && 'needs a PostgreSQL server (DATABASE_URL)';
export const skipWithoutRedis = redisUrl === undefined && 'needs a Redis server (REDIS_URL)';

/**
 * Embedded engines that were closed and wait for the next to open one, where `keepEngines` was called: to empty one costs
 * a quarter of what starting one does.
 */
const idle = { databases: [] as PGlite[], caches: [] as EmbeddedRedis[] };
let areKept = false;

/** Until a database of who was killed is free again. */
const TAKEN_SECONDS = 60;

type EmbeddedRedis = Awaited<ReturnType<typeof startValkey>>;

/** From here on engines that tests close are used again, until what is returned is called: it ends them. */
export function keepEngines(): () => Promise<void> {
  areKept = true;
  return async () => {
    areKept = false;
    await Promise.all([...idle.databases.splice(0), ...idle.caches.splice(0)].map((engine) => engine.close()));
  };
}

/** A fresh, migrated database: embedded, or one of its own on the server of DATABASE_URL. */
export async function openTestSql(): Promise<{ sql: Sql; close(): Promise<void> }> {
  if (databaseUrl !== undefined) return await openDatabase(databaseUrl, migrate);
  const kept = idle.databases.pop();
  if (kept === undefined) return await openEmbeddedSql();
  await kept.exec('discard all');
  await kept.exec('drop schema public cascade; create schema public');
  const sql = sqlOnPglite(kept);
  await migrate(sql);
  return { sql, close: () => endDatabase(kept) };
}

export async function openEmbeddedSql(): Promise<{ sql: Sql; close(): Promise<void> }> {
  const database = await PGlite.create({ loadDataDir: await migratedImage() });
  return { sql: sqlOnPglite(database), close: () => endDatabase(database) };
}

async function endDatabase(database: PGlite): Promise<void> {
  if (areKept && !database.closed) idle.databases.push(database);
  else await database.close();
}

/** A fresh, empty Redis: embedded, or a database of its own on the server of REDIS_URL. */
export async function openTestRedis(): Promise<{ redis: Redis; url: string; close(): Promise<void> }> {
  if (redisUrl !== undefined) return await openRedisDatabase(redisUrl);
  const kept = idle.caches.pop();
  if (kept === undefined) return await openEmbeddedRedis();
  const opened = connectTo(kept);
  await opened.redis.flushall();
  await opened.redis.script('FLUSH');
  return opened;
}

export async function openEmbeddedRedis(): Promise<{ redis: Redis; url: string; close(): Promise<void> }> {
  return connectTo(await startValkey());
}

function connectTo(valkey: EmbeddedRedis) {
  const redis = new Redis(valkey.url, { maxRetriesPerRequest: null });
  return {
    redis,
    url: valkey.url,
    async close() {
      redis.disconnect();
      if (areKept) idle.caches.push(valkey);
      else await valkey.close();
    },
  };
}

/** Creates a database on the server, and drops it at the end. */
export async function openDatabase(
  server: string,
  prepare: (sql: Sql) => Promise<unknown>,
): Promise<{ sql: Sql; url: string; close(): Promise<void> }> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = await openPostgres(server);
  await admin.sql.query(`create database ${name}`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const { sql, close } = await openPostgres(url);
  await prepare(sql);
  return {
    sql,
    url,
    async close() {
      await close();
      await admin.sql.query(`drop database ${name} with (force)`);
      await admin.close();
    },
  };
}

export async function openRedisDatabase(
  server: string,
): Promise<{ redis: Redis; url: string; close(): Promise<void> }> {
  const admin = new Redis(server);
  const { number, giveBack } = await takeDatabase(admin);
  const url = Object.assign(new URL(server), { pathname: `/${number}` }).href;
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  await redis.flushdb();
  return {
    redis,
    url,
    async close() {
      await redis.flushdb();
      redis.disconnect();
      await giveBack();
      admin.disconnect();
    },
  };
}

/**
 * Databases are taken in turn by whoever runs tests on this server, in as many processes as there are; database 0 notes
 * which are in use. Of a server that has 16 each would else be emptied, a few tests later, under who still uses it.
 */
async function takeDatabase(admin: Redis): Promise<{ number: number; giveBack(): Promise<unknown> }> {
  const [, databases = '16'] = (await admin.config('GET', 'databases')) as string[];
  for (let looked = 1; ; looked++) {
    const number = 1 + ((await admin.incr('newsrank:test-databases')) % (Number(databases) - 1));
    const key = `newsrank:test-database:${number}`;
    if ((await admin.set(key, process.pid, 'EX', TAKEN_SECONDS, 'NX')) === 'OK') {
      const timer = setInterval(() => void admin.expire(key, TAKEN_SECONDS), (TAKEN_SECONDS * 1000) / 4).unref();
      return {
        number,
        giveBack: () => {
          clearInterval(timer);
          return admin.del(key);
        },
      };
    }
    if (looked % Number(databases) === 0) await sleep(100);
  }
}

/** Puts a migrated database into `folder`, which spares its first start five seconds. */
export async function fillDataFolder(folder: string): Promise<void> {
  const database = await PGlite.create({ dataDir: folder, loadDataDir: await migratedImage() });
  await database.close();
}

/**
 * A data folder with all migrations, dumped once a machine: to make one anew takes five seconds, to load it one. Several
 * test files may write it at the same time, each under a name of its own until it is whole.
 */
async function migratedImage(): Promise<Blob> {
  const engine = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const hash = createHash('sha256').update(await readFile(engine));
  for (const { name, sha256 } of await readMigrations()) hash.update(`${name} ${sha256}\n`);
  const image = join(tmpdir(), `newsrank-test-${hash.digest('hex').slice(0, 16)}.tar`);
  try {
    return await openAsBlob(image);
  } catch {
    const database = await PGlite.create();
    await migrate(sqlOnPglite(database));
    const dump = await database.dumpDataDir('none');
    await database.close();
    const part = `${image}.${randomBytes(6).toString('hex')}`;
    await writeFile(part, new Uint8Array(await dump.arrayBuffer()));
    await rename(part, image);
    return dump;
  }
}
