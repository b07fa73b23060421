import type { Clock } from '../clock.ts';
import { pastReads } from './past-reads.ts';
import { seeded } from './seeded.ts';
import { pick, type Random } from './story.ts';

/** Simulated readers: they look at the site as anyone would, over HTTP, and report what they open. */
export interface Readers {
  /** Lets go of what they were about: nobody waits for an answer to it. */
  close(): void;
}

export interface ReadersOptions {
  readonly site: string;
  readonly ingestToken: string;
  readonly viewsPerSecond: number;
  readonly clock: Clock;
  readonly random: Random;
}

interface Known {
  readonly id: string;
  readonly publishedAt: number;
}

/** Interest in a story halves in this time: in life it takes hours, but who watches a demo has minutes. */
const HALF_LIFE_MS = 10 * 60_000;
const LOOK_EVERY_MS = 4000;
const BEAT_MS = 500;
/** Of a hundred views, this many come from a box beside an article; higher places get more of them. */
const BOX_SHARE = 0.15;
const VISITORS = 20_000;
const BATCH = 200;
const FEW = 60;

export function openReaders(options: ReadersOptions): Readers {
  const { site, clock, random } = options;
  let known: readonly Known[] = [];
  let listed: readonly string[] = [];
  let hasRecalled = false;
  const stopping = new AbortController();

  const look = async () => {
    known = (await getItems(`${site}/v1/articles?limit=100`, stopping.signal)).map((item) => ({
      id: item.id,
      publishedAt: Date.parse(item.publishedAt),
    }));
    const list = await getItems(`${site}/v1/rankings/access?window=24h&limit=5`, stopping.signal);
    listed = list.map((item) => item.article.id);
  };
  const report = (views: readonly object[]) =>
    fetch(`${site}/v1/views`, {
      method: 'POST',
      signal: stopping.signal,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${options.ingestToken}` },
      body: JSON.stringify({ views }),
    });
  const recall = async () => {
    // Once the first feeds are in: those of the whole newsroom come within a second of each other.
    if (hasRecalled || known.length < FEW) return;
    hasRecalled = true;
    const past = pastReads(known, clock(), appealOf);
    for (let start = 0; start < past.length; start += BATCH) await report(past.slice(start, start + BATCH));
  };
  const read = async () => {
    await recall();
    const articles = choose(known, listed, (options.viewsPerSecond * BEAT_MS) / 1000, clock(), random);
    if (articles.length === 0) return;
    await report(articles.map((view) => ({ ...view, visitor: `reader-${Math.floor(random() * VISITORS)}` })));
  };
  /** A site that does not answer for a moment is looked at again with the next beat. */
  const attempt = (work: () => Promise<void>) => () => void work().catch(() => undefined);
  const timers = [setInterval(attempt(look), LOOK_EVERY_MS), setInterval(attempt(read), BEAT_MS)];
  attempt(look)();
  return {
    close() {
      for (const timer of timers) clearInterval(timer);
      stopping.abort();
    },
  };
}

/** What is opened in one beat: by appeal (a few stories draw most readers), freshness, and place in the box. */
function choose(known: readonly Known[], listed: readonly string[], mean: number, now: Date, random: Random) {
  const weights = known.map(
    ({ id, publishedAt }) => appealOf(id) * 2 ** (-(now.getTime() - publishedAt) / HALF_LIFE_MS),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return [];
  const count = Math.max(1, Math.min(200, Math.round(mean * (0.5 + random()))));
  return Array.from({ length: count }, () => {
    if (listed.length > 0 && random() < BOX_SHARE) {
      return { article: pick(listed.slice(0, 1 + Math.floor(random() * listed.length)), random), ref: 'box' };
    }
    let left = random() * total;
    const chosen = known.find((_, place) => {
      left -= weights[place] ?? 0;
      return left < 0;
    });
    return { article: (chosen ?? pick(known, random)).id };
  });
}

/** How much a story interests people, the same at each look: Pareto-like, most near 1, some far above. */
function appealOf(id: string): number {
  return (1 - seeded(id)()) ** -0.8;
}

async function getItems(url: string, signal: AbortSignal) {
  const response = await fetch(url, { signal });
  const body = (await response.json()) as { items: { id: string; publishedAt: string; article: { id: string } }[] };
  return body.items;
}
