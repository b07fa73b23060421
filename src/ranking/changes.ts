import type { RedisClient } from '../engines/redis.ts';
import { readScript, runScript } from '../engines/script.ts';
import type { CategorySlug } from '../ids.ts';
import { ALL_SHARDS, keysOf } from '../views/keys.ts';

const claim = readScript(new URL('./claim-build.lua', import.meta.url));
const take = readScript(new URL('./take-dirty.lua', import.meta.url));

const BUILDER_KEY = 'list:builder';

/** A build takes far less; after that the builder is taken for dead. */
const CLAIM_MS = 60_000;

/** `busy`: somebody else builds now. Else who built last: this builder, another one, or nobody that Redis knows of. */
export type Claim = 'busy' | 'mine' | 'other' | 'nobody';

/** Takes the right to build and publish for `builder`, until it is given back. */
export async function claimBuild(redis: RedisClient, builder: string): Promise<Claim> {
  return (await runScript(redis, claim, [BUILDER_KEY], [builder, CLAIM_MS])) as Claim;
}

export async function giveBackBuild(redis: RedisClient, builder: string): Promise<void> {
  await runScript(redis, claim, [BUILDER_KEY], [builder, 0]);
}

/** The categories whose counts changed since the last call, and whether all shards have their counts (again). */
export async function takeDirty(redis: RedisClient): Promise<{ categories: Set<CategorySlug>; isRestored: boolean }> {
  const replies = await Promise.all(
    ALL_SHARDS.map((shard) => {
      const { dirty, marks } = keysOf(shard);
      return runScript(redis, take, [dirty, marks], []) as Promise<CategorySlug[] | null>;
    }),
  );
  return {
    categories: new Set(replies.flatMap((reply) => reply ?? [])),
    isRestored: !replies.includes(null),
  };
}

/** All categories that reads were ever counted in. */
export async function countedCategories(redis: RedisClient): Promise<CategorySlug[]> {
  const replies = await Promise.all(ALL_SHARDS.map((shard) => redis.smembers(keysOf(shard).categories)));
  return [...new Set(replies.flat())] as CategorySlug[];
}
