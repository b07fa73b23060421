import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import type { ArticleId, CategorySlug } from '../ids.ts';
import { ALL_SHARDS, keysOf } from '../views/keys.ts';
import { COUNT_PENDING } from '../views/pending.ts';

const claim = readScript(new URL('./claim-build.lua', import.meta.url));
const take = readScript(...COUNT_PENDING, new URL('./take-changes.lua', import.meta.url));

const BUILDER_KEY = 'list:builder';

/** After that without a word the builder is taken for dead: for so long at most nobody builds after a crash amid a build. */
const CLAIM_MS = 5_000;
const RENEW_MS = 1_000;

/** `busy`: somebody else builds now. Else who built last: this builder, another one, or nobody that Redis knows of. */
export type Claim = 'busy' | 'mine' | 'other' | 'nobody';

/** Keeps what was claimed, however long the build takes, until the result is called. */
export function keepClaim(redis: RedisClient, builder: string): () => void {
  // One that fails leaves time for several more.
  const timer = setInterval(() => void claimBuild(redis, builder).catch(() => {}), RENEW_MS);
  return () => clearInterval(timer);
}

/** Takes the right to build and publish for `builder`, until it is given back or not kept. */
export async function claimBuild(redis: RedisClient, builder: string): Promise<Claim> {
  return (await runScript(redis, claim, [BUILDER_KEY], [builder, CLAIM_MS])) as Claim;
}

export async function giveBackBuild(redis: RedisClient, builder: string): Promise<void> {
  await runScript(redis, claim, [BUILDER_KEY], [builder, 0]);
}

/** What changed in the counts since they were last looked at. */
export interface Changes {
  /** Categories in which counts may have fallen, or too many changed: whatever was known of them is to be read anew. */
  readonly whole: ReadonlySet<CategorySlug>;
  /** Articles that were read, by category; their counts only grew. */
  readonly grown: ReadonlyMap<CategorySlug, ReadonlySet<ArticleId>>;
  /** False while a shard is filled from PostgreSQL. */
  readonly isRestored: boolean;
}

/** Counts what is pending, and takes what changed since the last call. */
export async function takeChanges(redis: RedisClient): Promise<Changes> {
  const replies = await Promise.all(
    ALL_SHARDS.map(
      (shard) => runScript(redis, take, keysOf(shard).scripted, []) as Promise<[CategorySlug[], string[]] | null>,
    ),
  );
  const whole = new Set(replies.flatMap((reply) => reply?.[0] ?? []));
  const grown = new Map<CategorySlug, Set<ArticleId>>();
  for (const member of replies.flatMap((reply) => reply?.[1] ?? [])) {
    const [article = '', categories = ''] = member.split(' ');
    for (const category of categories.split(',') as CategorySlug[]) {
      if (whole.has(category)) continue;
      const articles = grown.get(category);
      if (articles === undefined) grown.set(category, new Set([article as ArticleId]));
      else articles.add(article as ArticleId);
    }
  }
  return { whole, grown, isRestored: !replies.includes(null) };
}

/** All categories that reads were ever counted in. */
export async function countedCategories(redis: RedisClient): Promise<CategorySlug[]> {
  const replies = await Promise.all(ALL_SHARDS.map((shard) => redis.smembers(keysOf(shard).categories)));
  return [...new Set(replies.flat())] as CategorySlug[];
}
