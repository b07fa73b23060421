// The product's own matching in the shape that a labelled set asks for: articles go in one by one, and out comes of which
// earlier one each is a copy, and its story. Run under `node --import tsx`, with DATABASE_URL set: it takes a database of
// its own on that server.
import { matchArticles } from '../src/articles/copies/match-articles.ts';
import { hashOf } from '../src/articles/keys.ts';
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

  return {
    async add({ id, title, summary, publishedAt, lang, feed }) {
      const date = publishedAt === undefined || publishedAt === null ? UNDATED : new Date(publishedAt);
      const published = Number.isNaN(date.getTime()) ? UNDATED : date;
      const article = newArticleId(published, ++sequence);
      given.set(article, id);
      await sql.query(
        `insert into articles (
           id, title, summary, language, published_at, published_from, first_seen_at, updated_at, content_hash
         ) values ($1, $2, $3, $4, $5, 'feed', $5, $5, $6)`,
        [article, title || '-', summary ?? '', lang ?? null, published, Buffer.from(hashOf(article), 'hex')],
      );
      if (feed !== undefined && feed !== null && feed !== '') {
        await sql.query(
          `insert into sources (feed_id, guid_hash, article_id, guid, first_seen_at, last_seen_at)
           values ($1, $2, $3, $4, $5, $5)`,
          [await feedOf(feed), Buffer.from(hashOf(article), 'hex'), article, String(id), published],
        );
      }
      // Old sets are matched as when they were new.
      await matchArticles(sql, published);
      const { rows } = await sql.query('select original_id, story_id from articles where id = $1', [article]);
      const [{ original_id: original, story_id: story }] = rows;
      return { dup: original === null ? null : given.get(original), story };
    },
    close,
  };
}
