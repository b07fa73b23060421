/**
 * A newsroom's traffic, simulated: articles come through the day and fade, some of them rise once more hours later, and
 * part of the reads are those that a box led to. Direction, not proof: a newsroom has its own reads, and the backtest.
 */
export interface Traffic {
  readonly articles: readonly SimulatedArticle[];
  readonly reads: readonly SimulatedReads[];
}

export interface SimulatedArticle {
  readonly publishedAt: Date;
  readonly category: string;
}

/** Reads of an article in a slot of five minutes. */
export interface SimulatedReads {
  /** Index of the article. */
  readonly article: number;
  readonly at: Date;
  readonly reads: number;
  readonly boxReads: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SLOT = 300_000;
/** Of a category among the articles that come, and how long what it carries is read. */
const CATEGORIES = [
  { name: 'politics', share: 0.4, halfLife: 4 },
  { name: 'sports', share: 0.3, halfLife: 3 },
  { name: 'business', share: 0.2, halfLife: 5 },
  { name: 'arts', share: 0.1, halfLife: 12 },
];
const ARTICLES_A_DAY = 40;
const READS_A_DAY = 60_000;
const LASTS = 4 * DAY;
const BOX_SHARE = 0.12;

/** The traffic of some days until `end`; the same for the same `seed`. */
export function simulateTraffic(end: Date, days: number, seed: number): Traffic {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const start = Math.floor(end.getTime() / DAY) * DAY - days * DAY;
  const articles = Array.from({ length: days * ARTICLES_A_DAY }, () => {
    const pick = random();
    let sum = 0;
    const category =
      CATEGORIES.find(({ share }) => {
        sum += share;
        return pick < sum;
      }) ?? CATEGORIES[0];
    const publishedAt = start + Math.floor(random() * days) * DAY + (6 + 16 * random()) * HOUR;
    return {
      ...{ publishedAt, category: category?.name ?? '', halfLife: (category?.halfLife ?? 4) * HOUR },
      appeal: Math.exp(1.2 * normal()),
      // One in twelve is shared widely, some hours later, for an hour or two.
      riseAt: random() < 1 / 12 ? publishedAt + (2 + 30 * random()) * HOUR : undefined,
    };
  }).sort((a, b) => a.publishedAt - b.publishedAt);

  const interest = ({ publishedAt, halfLife, appeal, riseAt }: (typeof articles)[number], at: number): number => {
    const age = at - publishedAt;
    if (age < 0 || age > LASTS) return 0;
    const begins = Math.min(1, age / (30 * 60_000));
    const rise = riseAt !== undefined && at >= riseAt ? 3 * appeal * 2 ** (-(at - riseAt) / (1.5 * HOUR)) : 0;
    return begins * appeal * 2 ** (-age / halfLife) + rise;
  };
  const poisson = (mean: number) => {
    if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    let product = random();
    let count = 0;
    for (const limit = Math.exp(-mean); product > limit; count++) product *= random();
    return count;
  };

  const reads: SimulatedReads[] = [];
  for (let at = start; at < end.getTime(); at += SLOT) {
    const hour = (at % DAY) / HOUR;
    // Quiet at night, busy in the morning and in the evening.
    const rush =
      0.25 + 1.2 * Math.exp(-(((hour - 8) / 2) ** 2)) + Math.exp(-(((hour - 20) / 3) ** 2)) + (hour > 7 ? 0.5 : 0);
    const interests = articles.map((article) => interest(article, at));
    const sum = interests.reduce((total, it) => total + it, 0);
    const expected = sum === 0 ? 0 : (READS_A_DAY * rush * SLOT) / DAY / sum;
    interests.forEach((it, article) => {
      const own = it > 0 ? poisson(it * expected) : 0;
      const boxReads = own > 0 ? poisson(own * BOX_SHARE) : 0;
      if (own + boxReads > 0) reads.push({ article, at: new Date(at), reads: own + boxReads, boxReads });
    });
  }
  return {
    articles: articles.map(({ publishedAt, category }) => ({ publishedAt: new Date(publishedAt), category })),
    reads,
  };
}
