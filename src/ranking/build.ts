import { randomUUID } from 'node:crypto';
import { findOriginals } from '../articles/store.ts';
import { MINUTE } from '../clock.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { UNCATEGORISED } from '../views/keys.ts';
import { claimBuild, giveBackBuild, keepClaim, takeChanges } from './changes.ts';
import { type Counts, composeList } from './compose.ts';
import { mergeCurated } from './curated-tops.ts';
import { pinnedArticles } from './curation.ts';
import { openCurations, readPinReads } from './curations-in-force.ts';
import { openKnownCounts, type Updated } from './known-counts.ts';
import {
  LIST_KINDS,
  type ListedArticle,
  type ListKey,
  type ListKind,
  listRedisKey,
  SCOPE_LISTS,
  type Scope,
} from './list.ts';
import { listedArticle } from './listed-article.ts';
import { openMemory } from './memory.ts';
import { openRevisions } from './revisions.ts';
import { openSparklines } from './sparklines.ts';
import { type Entry, NO_TOPS, TOP_NAMES, type Tops } from './top.ts';

/** How often everything is built anew, whatever changed: repairs what a crash lost, and takes over what feeds renamed. */
const FULL_EVERY = MINUTE;

/** Lists looked at, and those among them that came out different from what stood there. */
export interface Built {
  readonly built: number;
  readonly published: number;
  /** Lists stand as they were: another process is at it, or not all counts are back in Redis yet. */
  readonly isWaiting?: true;
}

export interface Rankings {
  /** Rebuilds and publishes the lists whose counts changed. Does nothing while another process is at it. */
  tick(now: Date): Promise<Built>;
  /** Items of all lists of each kind, as last built in full. */
  readonly entries: ReadonlyMap<ListKind, number>;
}

interface Tools {
  readonly sql: Sql;
  readonly redis: RedisClient;
  readonly siteName: string;
}

const NOTHING: Built = { built: 0, published: 0 };
const WAITING: Built = { ...NOTHING, isWaiting: true };

/**
 * The builder of all lists. Between ticks it keeps the tops of every category, so that a tick reads the counts of the
 * articles that were read and merges the site's lists from memory. Any number of builders may tick in turn: one that
 * finds that another built since drops what it kept and builds in full.
 */
export function openRankings({ sql, redis, siteName }: Tools): Rankings {
  const builder = randomUUID();
  const memory = openMemory(sql, redis);
  const curations = openCurations(sql);
  const sparklines = openSparklines(sql);
  const counts = openKnownCounts(redis);
  const revisedAt = openRevisions(sql);
  let names: ReadonlyMap<CategorySlug, string> = new Map();
  let articles = new Map<ArticleId, ListedArticle>();
  const entries = new Map<ListKind, number>();
  let fullAt = Number.NEGATIVE_INFINITY;
  let isTicking = false;

  async function build(now: Date): Promise<Built> {
    const lastFullAt = fullAt;
    // Until all is published: what was taken and then lost is found again by building in full.
    fullAt = Number.NEGATIVE_INFINITY;
    const changes = await takeChanges(redis);
    // Lists of half the counts would be worse than the last ones, which PostgreSQL still serves.
    if (!changes.isRestored) return WAITING;
    const isDecided = await curations.refresh(now);
    const isFull = isDecided || Math.abs(now.getTime() - lastFullAt) >= FULL_EVERY;
    if (isFull) articles = new Map();
    const renewed = await renew(await revisedAt(now));
    const updated = await counts.update({ isFull, changes, curations: curations.all(), know }, now);
    const built = await buildScopes(isFull, await scopesOf(isFull, [...updated.counted, ...renewed]), updated, now);
    await memory.store(now);
    await sparklines.refresh(isFull, now);
    fullAt = isFull ? now.getTime() : lastFullAt;
    return built;
  }

  /** Reads revised articles anew, as far as they are known; gives the categories whose lists may show them. */
  async function renew(revised: readonly ArticleId[]): Promise<ReadonlySet<CategorySlug>> {
    const before = revised.flatMap((id) => articles.get(id) ?? []);
    for (const { id } of before) articles.delete(id);
    if (before.length > 0) await know(before.map(({ id }) => id));
    const both = before.flatMap((article) => [article, articles.get(article.id) ?? article]);
    return new Set(both.flatMap(({ categories }) => (categories.length === 0 ? [UNCATEGORISED] : categories)));
  }

  /** The site and those of the categories that are shown, all of them in a full build, with their tops. */
  async function scopesOf(isFull: boolean, counted: readonly CategorySlug[]): Promise<Map<Scope, Tops>> {
    if (!isFull && counted.length === 0) return new Map();
    const isNamed = (category: CategorySlug) => names.has(category);
    if (isFull || !counted.every((category) => isNamed(category) || category === UNCATEGORISED)) {
      names = await readNames(sql);
    }
    const categories = isFull ? [...names.keys()] : counted.filter(isNamed);
    return new Map<Scope, Tops>([
      ['site', await mergeCurated(counts.tops.all(), curations.all(), know)],
      ...categories.map((category): [Scope, Tops] => [category, counts.tops.of(category) ?? NO_TOPS]),
    ]);
  }

  /** Builds all lists of these scopes, and the rising lists of others. */
  async function buildScopes(
    isFull: boolean,
    scopes: ReadonlyMap<Scope, Tops>,
    { rising, risen }: Pick<Updated, 'rising' | 'risen'>,
    now: Date,
  ): Promise<Built> {
    const fading = [...rising.keys()].filter((scope) => !scopes.has(scope) && (scope === 'site' || names.has(scope)));
    const work: (readonly [Scope, readonly ListKey[]])[] = [
      ...[...scopes.keys()].map((scope) => [scope, keysOfScope(scope)] as const),
      ...fading.map((scope) => [scope, [{ kind: 'rising', scope, window: null }]] as const),
    ];
    const allKeys = work.flatMap(([, own]) => own);
    if (allKeys.length === 0) return NOTHING;
    await know(idsOf(scopes.values(), rising.values(), pinnedArticles(curations.all())));
    const pinReads = await readPinReads(redis, curations.all(), articles);
    await memory.recall(allKeys, now);

    const site = scopes.get('site') ?? NO_TOPS;
    if (isFull) for (const kind of LIST_KINDS) entries.set(kind, 0);
    let published = 0;
    // Scope by scope, so that a process which also serves readers gets to them in between; while Redis takes in the lists
    // of one scope, those of the next are made.
    let sent: Promise<number> = Promise.resolve(0);
    for (const [scope, keys] of work) {
      const made = {
        own: scopes.get(scope) ?? NO_TOPS,
        site,
        rising: rising.get(scope),
        risen,
        articles,
        sparklines,
        curations: curations.all(),
        pinReads,
      };
      const sending = publishScope(scope, keys, made, isFull, now);
      // It is awaited a scope later, and not at all when the one before has failed.
      sending.catch(() => {});
      published += await sent;
      sent = sending;
    }
    published += await sent;
    return { built: allKeys.length, published };
  }

  /** The articles of these ids, and all that are known. */
  async function know(ids: Iterable<ArticleId>): Promise<ReadonlyMap<ArticleId, ListedArticle>> {
    const unknown = new Set<ArticleId>();
    for (const id of ids) if (!articles.has(id)) unknown.add(id);
    if (unknown.size === 0) return articles;
    // A copy has counts of its own for a moment, until they go to its original.
    for (const [id, article] of await findOriginals(sql, [...unknown])) articles.set(id, listedArticle(article));
    return articles;
  }

  /** `isFull` writes also what did not change: the time it is of, and what Redis may have lost. */
  async function publishScope(
    scope: Scope,
    keys: readonly ListKey[],
    made: Counts,
    isFull: boolean,
    now: Date,
  ): Promise<number> {
    const categoryName = scope === 'site' ? undefined : names.get(scope);
    const listNames = { siteName, ...(categoryName !== undefined && { categoryName }) };
    const results = keys.map(async (key) => {
      const past = memory.of(key);
      const { snapshot, json, before } = composeList(key, made, past, listNames, now);
      if (isFull) entries.set(key.kind, (entries.get(key.kind) ?? 0) + snapshot.items.length);
      const isChanged = snapshot.version !== past.last?.version;
      if (isChanged || isFull) {
        await redis.set(listRedisKey(key), json());
        memory.note(key, snapshot, before);
        sparklines.note(
          key,
          snapshot.items.map(({ article }) => article.id),
        );
      }
      return isChanged;
    });
    return (await Promise.all(results)).filter(Boolean).length;
  }

  return {
    entries,
    async tick(now) {
      if (isTicking) return WAITING;
      isTicking = true;
      try {
        const claim = await claimBuild(redis, builder);
        if (claim === 'busy') return WAITING;
        if (claim === 'other') memory.forget();
        if (claim !== 'mine') fullAt = Number.NEGATIVE_INFINITY;
        const stopKeeping = keepClaim(redis, builder);
        try {
          return await build(now);
        } finally {
          stopKeeping();
          // What is not given back falls free by itself; a failure here must not hide the one of the build.
          await giveBackBuild(redis, builder).catch(() => {});
        }
      } finally {
        isTicking = false;
      }
    },
  };
}

/** All that lists may show; tens of thousands at each tick, so nothing is made of them. */
function* idsOf(
  scopes: Iterable<Tops>,
  rising: Iterable<readonly Entry[]>,
  pinned: Iterable<ArticleId>,
): Iterable<ArticleId> {
  yield* pinned;
  for (const tops of scopes) for (const name of TOP_NAMES) for (const { id } of tops[name]) yield id;
  for (const entries of rising) for (const { id } of entries) yield id;
}

function keysOfScope(scope: Scope): ListKey[] {
  return SCOPE_LISTS.map((list) => ({ ...list, scope }));
}

async function readNames(sql: Sql): Promise<Map<CategorySlug, string>> {
  const { rows } = await sql.query<{ slug: CategorySlug; name: string }>('select slug, name from categories');
  return new Map(rows.map(({ slug, name }) => [slug, name]));
}
