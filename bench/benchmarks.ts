/** A figure that a benchmark prints: how it is found in its output, and what it must be. */
export interface Figure {
  readonly what: string;
  /** Its first group is the figure; where it matches several times, the worst counts. */
  readonly pattern: RegExp;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Benchmark {
  readonly stage: 'feeds' | 'articles' | 'views' | 'ranking' | 'api';
  readonly name: string;
  readonly file: string;
  readonly args?: readonly string[];
  /** Of Node, as in `npm start`, where the product's own process is not started. */
  readonly flags?: readonly string[];
  readonly needs: readonly ('servers' | 'feeds')[];
  readonly figures: readonly Figure[];
}

const SERVERS = ['servers'] as const;

/** All of them, in the order of the stages. Databases of Redis that are emptied whole are far from those of tests. */
export const BENCHMARKS: readonly Benchmark[] = [
  {
    stage: 'feeds',
    name: 'parsing, against plain rss-parser',
    file: 'parse-speed.ts',
    needs: ['feeds'],
    figures: [{ what: 'speed × that of rss-parser', pattern: /^(?!rss-parser).*ratio ([\d.]+)/gm, atLeast: 1.5 }],
  },
  {
    stage: 'feeds',
    name: 'two rounds over captured feeds',
    file: 'real-feeds.ts',
    needs: ['feeds'],
    figures: [{ what: 'documents that are no feed', pattern: /failed: (\d+)/g }],
  },
  {
    stage: 'feeds',
    name: 'a poll without news, against a bare GET',
    file: 'poll-cost.ts',
    needs: SERVERS,
    figures: [
      { what: 'CPU × that of a bare GET', pattern: /ratio: ([\d.]+)/g, atMost: 3 },
      { what: 'polls a second', pattern: /pollsPerSecond: (\d+)/g },
    ],
  },
  {
    stage: 'feeds',
    name: 'claiming due feeds among a million',
    file: 'claim-feeds.ts',
    needs: SERVERS,
    figures: [{ what: 'ms a claim, median', pattern: /p50: ([\d.]+)/g, atMost: 20 }],
  },
  {
    stage: 'feeds',
    name: '100,000 feeds every five minutes',
    file: 'many-feeds.ts',
    args: ['--seconds', '120'],
    needs: SERVERS,
    figures: [
      { what: 'polls a second', pattern: /pollsPerSecond: (\d+)/g, atLeast: 330 },
      { what: 's late, p99', pattern: /p99: '≤ (\d+)'/g, atMost: 30 },
    ],
  },
  {
    stage: 'feeds',
    name: 'hostile documents',
    file: 'attacks.ts',
    needs: [],
    figures: [
      { what: 'ms, slowest', pattern: / (\d+) ms +\d+ MB/g, atMost: 1000 },
      { what: 'MB, largest', pattern: / ms +(\d+) MB/g, atMost: 100 },
      { what: 'ms that the event loop stood still', pattern: /loop (\d+) ms/g, atMost: 50 },
    ],
  },
  {
    stage: 'articles',
    name: 'a first import of a thousand feeds',
    file: 'first-import.ts',
    needs: SERVERS,
    figures: [{ what: 's for 50,000 articles', pattern: /seconds: ([\d.]+)/g, atMost: 180 }],
  },
  {
    stage: 'articles',
    name: 'pollers that are killed, every job twice: nothing lost, nothing doubled',
    file: 'killed-polls.ts',
    args: ['--kills', '12'],
    needs: SERVERS,
    figures: [],
  },
  {
    stage: 'articles',
    name: 'looking for copies and stories among 10,000 and a million articles',
    file: 'match-articles.ts',
    needs: SERVERS,
    figures: [
      { what: 'ms CPU an article, in batches of 200', pattern: /batch: 200,[^}]*cpuMs: ([\d.]+)/g, atMost: 3 },
      { what: 'ms CPU an article that comes alone', pattern: /batch: 1,[^}]*cpuMs: ([\d.]+)/g, atMost: 3 },
    ],
  },
  {
    stage: 'articles',
    name: 'stories: quality and cost',
    file: 'story-quality.ts',
    needs: SERVERS,
    figures: [
      { what: 'precision %', pattern: /precision: ([\d.]+)/g, atLeast: 88 },
      { what: 'recall %', pattern: /recall: ([\d.]+)/g, atLeast: 40 },
    ],
  },
  { stage: 'articles', name: 'searching a million articles', file: 'search-articles.ts', needs: SERVERS, figures: [] },
  {
    stage: 'views',
    name: 'counting reads in Redis',
    file: 'record-views.ts',
    needs: SERVERS,
    figures: [
      {
        what: 'µs of Redis a read, in calls of 200',
        pattern: /batch: 200,\s*redisMicrosecondsPerRead: ([\d.]+)/g,
        atMost: 8,
      },
      {
        what: 'the same in calls of 10, on a site read 20,000 times a second',
        pattern: /batch: 10,\s*redisMicrosecondsPerRead: ([\d.]+)/g,
      },
      { what: 'bytes of dedupe a read', pattern: /bytesPerEntry: ([\d.]+)/g, atMost: 12 },
      { what: 'MB a day of 1,000,000 reads', pattern: /megabytes: ([\d.]+)/g, atMost: 12 },
    ],
  },
  {
    stage: 'views',
    name: 'views over HTTP, against a bare handler',
    file: 'collect-views.ts',
    needs: SERVERS,
    figures: [
      { what: '% of the bare handler, by CPU', pattern: /ofBareByCpu: '(\d+) %'/g, atLeast: 60 },
      // No bar: Redis and the load take their part of the same processors (docs/reads.md).
      { what: '% by the clock', pattern: /ofBareByClock: '(\d+) %'/g },
      { what: 'ms at half of that rate, p99', pattern: /rate, product \{.*?p99: ([\d.]+)/gs, atMost: 25 },
      { what: 'the same of the bare handler', pattern: /rate, bare \{.*?p99: ([\d.]+)/gs },
      { what: 'views a second in batches', pattern: /viewsPerSecond: (\d+)/g, atLeast: 30_000 },
    ],
  },
  {
    stage: 'views',
    name: 'views into processes that are killed: acknowledged = counted = archived',
    file: 'exactness.ts',
    args: ['--views', '100000', '--kills', '12'],
    needs: SERVERS,
    figures: [{ what: 'difference', pattern: /difference (\d+)/g, atMost: 0 }],
  },
  {
    stage: 'views',
    name: 'importing a log of a million lines, against readline',
    file: 'import-views.ts',
    needs: SERVERS,
    figures: [
      { what: 'lines a CPU-second', pattern: /name: 'import',\s+linesPerCpuSecond: (\d+)/g, atLeast: 100_000 },
      { what: 'reads a CPU-second', pattern: /readsPerCpuSecond: (\d+)/g },
    ],
  },
  {
    stage: 'ranking',
    name: 'building lists among 10,000, 100,000 and a million articles, against plain ZREVRANGE',
    file: 'build-rankings.ts',
    flags: ['--max-semi-space-size=32'],
    args: ['--articles', '10000,100000,1000000'],
    needs: SERVERS,
    figures: [
      { what: 'ms for a full build', pattern: /^ +full build.*? {2,}([\d.]+) /gm, atMost: 1000 },
      { what: 'ms for a tick', pattern: /^ +tick after.*? {2,}([\d.]+) /gm, atMost: 100 },
      { what: 'ms that Redis was held, at most', pattern: /Redis was held for ([\d.]+)/g, atMost: 5 },
    ],
  },
  {
    stage: 'ranking',
    name: 'how soon a read is in its lists, among 5,000 a second',
    file: 'list-freshness.ts',
    needs: SERVERS,
    figures: [
      {
        what: 'ms until it is listed, p99 (RANK_INTERVAL 5 s)',
        pattern: /untilListedMs: \{ p50: \d+, p99: (\d+)/g,
        atMost: 6000,
      },
    ],
  },
  {
    stage: 'ranking',
    name: 'the backtest over simulated traffic',
    file: 'backtest.ts',
    needs: [],
    figures: [{ what: '% that popular of 3 h caught of the ideal', pattern: /^popular +3h +[\d.]+ % +([\d.]+) %/gm }],
  },
  {
    stage: 'api',
    name: 'reading lists over HTTP, against a route that does nothing',
    file: 'read-lists.ts',
    needs: SERVERS,
    figures: [
      {
        what: '% of doing nothing, by CPU, of a list',
        pattern: /^a list[^}]*ofNothingByCpu: '(\d+) %'/gm,
        atLeast: 70,
      },
      { what: '% by the clock', pattern: /^a list[^}]*ofNothingByClock: '(\d+) %'/gm, atLeast: 70 },
    ],
  },
  {
    stage: 'api',
    name: '5,000 event streams, against bare responses',
    file: 'stream.ts',
    needs: SERVERS,
    figures: [{ what: 'kB a listener', pattern: /kilobytesEach: ([\d.]+)/g }],
  },
  {
    stage: 'api',
    name: 'pages: CPU, weight and first paint, against a route that does nothing',
    file: 'render-pages.ts',
    needs: [],
    figures: [
      { what: 'ms CPU an article page', pattern: /^article.* ([\d.]+) ms CPU/gm, atMost: 5 },
      { what: 'kB, the heaviest page', pattern: /, ([\d.]+) kB/g, atMost: 60 },
      { what: 'ms until the first paint, median', pattern: /contentful paint (\d+) ms/g, atMost: 300 },
    ],
  },
];
