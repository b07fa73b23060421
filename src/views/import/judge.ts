import { DAY, HOUR, MINUTE } from '../../clock.ts';
import { SEEN_SLOT_SECONDS } from '../keys.ts';
import type { Block } from './lines.ts';
import type { LineReader, LoggedView } from './logged-view.ts';
import type { Seen } from './seen.ts';
import type { SpanGatherer } from './spans.ts';
import type { TallyKeeper } from './tally.ts';
import type { Targets } from './targets.ts';
import type { Visitors } from './visitors.ts';

const SEEN_SLOT = SEEN_SLOT_SECONDS * 1000;
/** A server's clock may be ahead of ours. */
const AHEAD = 5 * MINUTE;
/** There were no news sites before. */
const EARLIEST = Date.UTC(1995, 0);
/** Who read within so long before may make a difference to what comes next: each read within half an hour of the last. */
const MEMORY = DAY;

export interface JudgeTools {
  readonly read: LineReader;
  readonly targets: Targets;
  readonly visitors: Visitors;
  readonly seen: Seen;
  readonly tally: TallyKeeper;
  readonly spans: SpanGatherer;
  /** Whether an earlier import of the source told of this time. */
  readonly isCovered: (at: number) => boolean;
  readonly since: number;
  readonly until: number;
  readonly now: number;
}

/** Decides of each line whether it is a read. */
export interface Judge {
  /** Counts the block's reads, and the reasons for what is none. `start` is its place in the content. */
  count(block: Block, start: number): Promise<void>;
  /** Takes note of who read, and counts nothing: the lines were counted before. */
  prime(block: Block, start: number): Promise<void>;
  /** The place before which all lines are a day older than the newest (see KnownImport). */
  warm(): number;
}

export function openJudge(tools: JudgeTools): Judge {
  const { targets, tally, spans } = tools;
  const places = openPlaces();
  return {
    async count({ lines, overlong }, start) {
      tally.refuse('invalid', overlong);
      tally.lines(overlong + lines.length);
      const views: LoggedView[] = [];
      for (const line of lines) {
        const view = viewIn(tools, line);
        if (view === null) continue;
        places.note(view.at, start);
        spans.add(view.at);
        if (isWished(tools, view)) views.push(view);
        else tally.refuse('out-of-range');
      }
      await targets.lookUp(views);
      for (const view of views) countView(tools, view);
    },
    async prime({ lines }, start) {
      const views = lines
        .map(tools.read)
        .filter((view) => typeof view === 'object')
        .filter(({ at }) => isPossible(at, tools.now));
      for (const { at } of views) places.note(at, start);
      const wanted = views.filter((view) => isWished(tools, view));
      await targets.lookUp(wanted);
      for (const view of wanted) note(tools, view);
    },
    warm: places.warm,
  };
}

/** Null for a line that says nothing, or makes no sense, which is counted. */
function viewIn({ read, tally, now }: JudgeTools, line: string): LoggedView | null {
  if (line === '') return null;
  const view = read(line);
  if (view === 'heading') return null;
  if (typeof view === 'object' && isPossible(view.at, now)) return view;
  tally.refuse(view === 'other-request' ? view : 'invalid');
  return null;
}

function countView(tools: JudgeTools, view: LoggedView): void {
  const { targets, visitors, tally, now } = tools;
  const article = targets.get(view.target);
  if (article === -1) tally.refuse('unknown-article');
  // Asked here and not before: it would be wasted on most lines of a log, which are of pictures and styles.
  else if (visitors.isBot(view.visitor, view.agent)) tally.refuse('bot');
  else if (!isFirst(tools, view, article)) tally.refuse('duplicate');
  else if (tools.isCovered(view.at)) tally.refuse('counted-before');
  else tally.read(article, targets.id(article), Math.min(view.at, now), view.isBox);
}

/** Notes who read a line that was counted before. */
function note(tools: JudgeTools, view: LoggedView): void {
  const article = tools.targets.get(view.target);
  if (article !== -1 && !tools.visitors.isBot(view.visitor, view.agent)) isFirst(tools, view, article);
}

function isFirst({ visitors, seen }: JudgeTools, { visitor, agent, at }: LoggedView, article: number): boolean {
  if (visitor === undefined) return true;
  const { high, low } = visitors.hash(visitor, visitors.agent(agent), article);
  return seen.isFirst(Math.floor(at / SEEN_SLOT), high, low);
}

/** Remembers where the first line of each hour lies, for a day and an hour. */
function openPlaces() {
  const hours = new Map<number, number>();
  let hour = Number.NaN;
  let newest = 0;
  return {
    note(at: number, start: number): void {
      if (at > newest) newest = at;
      const own = Math.floor(at / HOUR);
      if (own === hour) return;
      hour = own;
      if (!hours.has(own)) hours.set(own, start);
      for (const old of hours.keys()) if (old * HOUR < newest - MEMORY - HOUR) hours.delete(old);
    },
    warm: (): number => Math.min(...hours.values(), Number.MAX_SAFE_INTEGER),
  };
}

function isWished({ since, until }: JudgeTools, { at }: LoggedView): boolean {
  return at >= since && at < until;
}

function isPossible(at: number, now: number): boolean {
  return at >= EARLIEST && at <= now + AHEAD;
}
