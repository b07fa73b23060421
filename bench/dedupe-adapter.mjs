// The product's own matching in the shape that a labelled set asks for: articles go in, one by one or many at once, and
// out comes of which earlier one each is a copy, and its story. Run under `node --import tsx`, with DATABASE_URL set: it takes a database of
// its own on that server.
import { matchArticles } from '../src/articles/copies/match-articles.ts';
import { hashOf } from '../src/articles/keys.ts';
import { PREPARED } from '../src/engines/sql.ts';
import { newArticleId } from '../src/ids.ts';
import { migrate } from '../src/schema/migrate.ts';
import { databaseUrl, openDatabase } from '../tests/support/engines.ts';

export const name = 'newsrank';

const UNDATED = new Date('2026-01-01T00:00:00Z');

export async function createIndex() {
  if (databaseUrl === undefined) throw new Error('set DATABASE_URL to a server');
  const { sql, close } = await openDatabase(databaseUrl, migrate);
  const given = new Map();
  const feeds = new Map();
  let sequence = 0;

  const feedOf = async (feed) => {
    if (!feeds.has(feed)) {
      const url = `https://${hashOf(String(feed))}.example/feed`;
      const { rows } = await sql.query('insert into feeds (url, host, title) values ($1, $2, $3) returning id', [
        ...[url, new URL(url).hostname],
        String(feed),
      ]);
      feeds.set(feed, rows[0].id);
    }
    return feeds.get(feed);
  };

  const store = async ({ id, title, summary, publishedAt, lang, feed }) => {
    const date = publishedAt === undefined || publishedAt === null ? UNDATED : new Date(publishedAt);
    const published = Number.isNaN(date.getTime()) ? UNDATED : date;
    const article = newArticleId(published, ++sequence);
    given.set(article, id);
    const hash = Buffer.from(hashOf(article), 'hex');
    const isFed = feed !== undefined && feed !== null && feed !== '';
    await sql.query(
      `with stored as (
         insert into articles (
           id, title, summary, language, published_at, published_from, first_seen_at, updated_at, content_hash
         ) values ($1, $2, $3, $4, $5, 'feed', $5, $5, $6) returning id, content_hash, first_seen_at
       )
       insert into sources (feed_id, guid_hash, article_id, guid, first_seen_at, last_seen_at)
       select $7::bigint, content_hash, id, $8::text, first_seen_at, first_seen_at from stored where $7::bigint is not null`,
      [
        ...[article, title || '-', summary ?? '', lang ?? null, published, hash],
        ...[isFed ? await feedOf(feed) : null, String(id)],
      ],
      PREPARED,
    );
    return { article, published };
  };

  // Articles that are added while others are being matched are matched together, as the product does with those of a poll.
  let waiting = [];
  let working = Promise.resolve();

  const work = async () => {
    const adds = waiting;
    waiting = [];
    if (adds.length === 0) return;
    try {
      const answers = await matchAll(adds.map(({ entry }) => entry));
      for (const [index, { resolve }] of adds.entries()) resolve(answers[index]);
    } catch (error) {
      for (const { reject } of adds) reject(error);
    }
  };

  const matchAll = async (entries) => {
    const stored = [];
    for (const entry of entries) stored.push(await store(entry));
    // Old sets are matched as when they were new.
    const newest = new Date(Math.max(...stored.map(({ published }) => published.getTime())));
    await matchArticles(sql, newest);
    const { rows } = await sql.query(
      // Of an array PostgreSQL makes a new plan each time.
      `select found.* from json_array_elements_text($1::json) given
       cross join lateral (select id, original_id, story_id from articles where id = given limit 1) found`,
      [JSON.stringify(stored.map(({ article }) => article))],
      PREPARED,
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    return stored.map(({ article }) => {
      const { original_id: original, story_id: story } = byId.get(article);
      return { dup: original === null ? null : given.get(original), story };
    });
  };

  return {
    add(entry) {
      return new Promise((resolve, reject) => {
        waiting.push({ entry, resolve, reject });
        working = working.then(work);
      });
    },
    async close() {
      await working;
      await close();
    },
  };
}
