import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { saveWords } from '../../src/articles/search/save-words.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { type ArticleId, categorySlug, newArticleId } from '../../src/ids.ts';
import { type ListItem, type ListKey, listRedisKey, type Movement, type Snapshot } from '../../src/ranking/list.ts';

/** The moment at which the tests' pages are made: 12:48 in Tokyo. */
export const NOW = new Date('2024-11-26T03:48:00Z');

export interface Story {
  readonly title: string;
  readonly summary?: string;
  readonly content?: string;
  readonly categories: readonly string[];
  readonly language?: string;
  readonly image?: string;
  readonly author?: string;
  readonly minutesAgo: number;
  /** Earlier titles, oldest first. */
  readonly before?: readonly string[];
}

/** Puts articles into the tables as the pollers would have left them; answers their ids in the same order. */
export async function seed(sql: Sql, source: string, stories: readonly Story[]): Promise<ArticleId[]> {
  const url = `https://${createHash('sha256').update(source).digest('hex').slice(0, 8)}.example`;
  const { rows } = await sql.query<{ id: number }>(
    'insert into feeds (url, host, title) values ($1, $2, $3) returning id',
    [`${url}/feed.xml`, new URL(url).hostname, source],
  );
  const ids: ArticleId[] = [];
  for (const story of stories) {
    const { rows: next } = await sql.query<{ n: number }>("select nextval('article_sequence') as n");
    ids.push(await seedStory(sql, rows[0]?.id ?? 0, url, story, Number(next[0]?.n)));
  }
  return ids;
}

async function seedStory(sql: Sql, feed: number, site: string, story: Story, sequence: number): Promise<ArticleId> {
  const published = new Date(NOW.getTime() - story.minutesAgo * 60_000);
  const id = newArticleId(published, sequence);
  const earlier = story.before ?? [];
  const updated = earlier.length === 0 ? published : new Date(published.getTime() + 20 * 60_000);
  await sql.query(
    `insert into articles (id, url, title, summary, content, author, image, language, published_at, published_from,
       first_seen_at, updated_at, revision, content_hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'feed', $9, $10, $11, $12)`,
    [
      id,
      `${site}/news/${id}`,
      story.title,
      story.summary ?? '',
      story.content ?? '',
      story.author ?? null,
      story.image ?? null,
      story.language ?? null,
      published,
      updated,
      earlier.length + 1,
      createHash('sha256').update(id).digest(),
    ],
  );
  await sql.query(
    `insert into sources (feed_id, guid_hash, article_id, guid, url, first_seen_at, last_seen_at)
     values ($1, $2, $3, $3, $4, $5, $5)`,
    [feed, createHash('sha256').update(id).digest(), id, `${site}/news/${id}`, published],
  );
  await saveWords(sql, [{ id, title: story.title, summary: story.summary ?? '', content: story.content ?? '' }]);
  for (const [index, name] of story.categories.entries()) {
    const slug = categorySlug(name);
    await sql.query(
      `insert into categories (slug, name, position) values ($1, $2, (select count(*) from categories))
       on conflict do nothing`,
      [slug, name],
    );
    await sql.query('insert into article_categories (article_id, category) values ($1, $2)', [id, slug]);
    if (index === 0)
      await sql.query('insert into feed_categories values ($1, $2) on conflict do nothing', [feed, slug]);
  }
  for (const [index, title] of earlier.entries()) {
    await sql.query(
      `insert into article_revisions (article_id, revision, title, summary, words_hash, replaced_at)
       values ($1, $2, $3, '', $4, $5)`,
      [id, index + 1, title, createHash('sha256').update(title).digest(), updated],
    );
  }
  return id;
}

const MOVEMENTS: readonly Movement[] = ['same', 'up', 'new', 'down', 'up'];

/** A published list of these articles, in this order. */
export function snapshotOf(
  key: ListKey,
  title: string,
  articles: readonly { readonly id: ArticleId; readonly story: Story; readonly source: string }[],
  version = 'v1',
): Snapshot {
  const items = articles.map(({ id, story, source }, index): ListItem => {
    const movement = MOVEMENTS[index % MOVEMENTS.length] ?? 'same';
    const rank = index + 1;
    return {
      rank,
      previousRank: movement === 'new' ? null : movement === 'up' ? rank + 2 : movement === 'down' ? rank - 1 : rank,
      movement,
      peakRank: rank,
      since: new Date(NOW.getTime() - 90 * 60_000).toISOString(),
      reads: Math.round(4218 / rank ** 0.8),
      fill: null,
      article: {
        id,
        title: story.title,
        url: `https://news.example/${id}`,
        source,
        publishedAt: new Date(NOW.getTime() - story.minutesAgo * 60_000).toISOString(),
        updatedAt: new Date(NOW.getTime() - story.minutesAgo * 60_000).toISOString(),
        categories: story.categories.map(categorySlug),
        image: story.image ?? null,
      },
    };
  });
  const to = NOW.toISOString();
  const window = key.window === null ? null : { id: key.window, from: to, to, final: false };
  const confidence = items.length === 0 ? 'empty' : 'ok';
  return { list: key.kind, scope: key.scope, title, window, asOf: to, version, confidence, items };
}

/** Publishes a list where the pages read it. */
export async function publish(redis: Redis, snapshot: Snapshot): Promise<void> {
  const key = { kind: snapshot.list, scope: snapshot.scope, window: snapshot.window?.id ?? null };
  await redis.set(listRedisKey(key), JSON.stringify(snapshot));
}
