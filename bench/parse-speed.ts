/**
 * Megabytes per CPU-second of the product's reading against plain rss-parser, in the same run over the same feeds: like
 * for like (decoded and read), and with what rss-parser does not do (all HTML sanitised, ready to store):
 *
 *   node --import tsx bench/parse-speed.ts FOLDER [ROUNDS]
 *
 * Feeds that rss-parser cannot read are left out for both. Bar: 1.5 times, made safe too.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Parser from 'rss-parser';
import { readDraft, readFeed } from '../src/feeds/parse/read-feed.ts';

const [folder, rounds = '9'] = process.argv.slice(2);

if (folder === undefined || !existsSync(folder)) {
  console.log('Name a folder of feeds: node --import tsx bench/parse-speed.ts FOLDER [ROUNDS]');
  process.exit(0);
}

type Read = (bytes: Uint8Array) => Promise<unknown>;

const plain = new Parser();
const source = { contentType: null, url: 'http://feed.test/feed', defaultZone: null };
const readers: Record<string, Read> = {
  'rss-parser': (bytes) => plain.parseString(Buffer.from(bytes).toString('utf8')),
  read: (bytes) => readDraft(bytes, source),
  'made safe': (bytes) => readFeed(bytes, source),
};

const feeds: Uint8Array[] = [];
for (const name of readdirSync(folder)) {
  const bytes = readFileSync(join(folder, name));
  const isRead = await readers['rss-parser']?.(bytes).then(
    () => true,
    () => false,
  );
  if (isRead) feeds.push(bytes);
}
const megabytes = feeds.reduce((sum, bytes) => sum + bytes.length, 0) / 1e6;
console.log(`${feeds.length} feeds, ${megabytes.toFixed(1)} MB`);

/**
 * Of each feed the median over the rounds: a machine that does other work too gives totals that no two runs agree on. The
 * readers take turns at each feed, and at who comes first, so that what disturbs one disturbs the others as well.
 */
const names = Object.keys(readers);
const times = new Map(names.map((name) => [name, feeds.map((): number[] => [])]));
for (let round = 0; round <= Number(rounds); round++) {
  const order = names.map((_, index) => names[(index + round) % names.length] ?? '');
  for (const [index, bytes] of feeds.entries()) {
    for (const name of order) {
      const before = process.cpuUsage();
      await readers[name]?.(bytes);
      const { user, system } = process.cpuUsage(before);
      // The first round warms up.
      if (round > 0) times.get(name)?.[index]?.push(user + system);
    }
  }
}

const base = secondsOf('rss-parser', median);
for (const name of names) {
  const ratios = Array.from({ length: Number(rounds) }, (_, round) => {
    const inRound = (each: readonly number[]) => each[round] ?? 0;
    return secondsOf('rss-parser', inRound) / secondsOf(name, inRound);
  }).sort((a, b) => a - b);
  const seconds = secondsOf(name, median);
  const range = `in single rounds ${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}`;
  console.log(
    `${name.padEnd(12)} ${(megabytes / seconds).toFixed(1)} MB per CPU-second, ratio ${(base / seconds).toFixed(2)} (${range})`,
  );
}
console.log('bar: a ratio of 1.5 or more, made safe too');

function secondsOf(name: string, pick: (times: readonly number[]) => number): number {
  return sum((times.get(name) ?? []).map(pick)) / 1e6;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
