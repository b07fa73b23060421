import type { FastifyRequest } from 'fastify';
import { CodedError, messageOf } from '../errors.ts';
import { type Done, promised } from '../views/done.ts';
import type { Collected, DropReason, Reporter, ViewReport } from '../views/view.ts';
import type { Channel } from '../views/view-class.ts';
import { addressOf, limitKey } from './address.ts';
import { openLimiter } from './limiter.ts';
import type { View } from './schemas/view.ts';
import { parseTime } from './time.ts';
import type { ApiTools } from './tools.ts';

/** Views a minute from one address: more than a school or an office behind one address reads. */
const VIEWS_PER_MINUTE = 600;
const RETRY_SECONDS = 5;
const MAX_USER_AGENT = 512;
const PURPOSES = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'] as const;

/** Takes reported views, undefined standing for a malformed one, and says what became of each. */
export interface Intake {
  take(reports: readonly (ViewReport | undefined)[], reporter: Reporter): Promise<Collected>;
  /** The same without a promise, which costs a view about as much as a check. */
  takeThen(reports: readonly (ViewReport | undefined)[], reporter: Reporter, done: Done<Collected>): void;
}

export function openIntake({ collector, metrics, clock }: Pick<ApiTools, 'collector' | 'metrics' | 'clock'>): Intake {
  const limiter = openLimiter(VIEWS_PER_MINUTE);
  const count = openCounter(metrics);

  const takeThen: Intake['takeThen'] = (reports, reporter, done) => {
    const valid = reports.includes(undefined) ? reports.filter((report) => report !== undefined) : reports;
    const invalid = reports.length - valid.length;
    const limited = limit(valid.length, reporter);
    if (limited > 0 && limited === reports.length) {
      const message = 'Too many views from this address.';
      done(undefined, new CodedError('rate-limited', message, { retryAfter: RETRY_SECONDS }));
      return;
    }
    if (invalid > 0) count('invalid', invalid);
    const allowed = limited > 0 ? valid.slice(0, valid.length - limited) : valid;
    collect(allowed as readonly ViewReport[], reporter, { invalid, limited }, done);
  };

  return {
    takeThen,
    take: (reports, reporter) => promised((done) => takeThen(reports, reporter, done)),
  };

  /** How many of so many views are too many. */
  function limit(views: number, { isTrusted, address }: Reporter): number {
    const limited = isTrusted ? 0 : views - limiter.take(limitKey(address), views, clock());
    if (limited > 0) count('rate-limited', limited);
    return limited;
  }

  function collect(
    reports: readonly ViewReport[],
    reporter: Reporter,
    { invalid, limited }: Refused,
    done: Done<Collected>,
  ): void {
    if (reports.length === 0) {
      done({ accepted: 0, dropped: sum({ 'rate-limited': limited, invalid }) });
      return;
    }
    collector.collectThen(reports, reporter, (collected, failure) => {
      if (collected === undefined) {
        count('overload', reports.length);
        return done(undefined, failure instanceof CodedError ? failure : uncounted(failure));
      }
      note(collected);
      if (limited === 0 && invalid === 0) done(collected);
      else done({ ...collected, dropped: sum(collected.dropped, { 'rate-limited': limited, invalid }) });
    });
  }

  function note(collected: Collected): void {
    if (collected.accepted > 0) count('read', collected.accepted);
    for (const reason in collected.dropped) {
      count(reason as DropReason, collected.dropped[reason as DropReason] ?? 0);
    }
  }
}

/** Views of a request that go no further. */
interface Refused {
  readonly invalid: number;
  readonly limited: number;
}

const uncounted = (failure: unknown): CodedError =>
  new CodedError('unavailable', 'The views were not counted. Send them again.', {
    cause: new Error(messageOf(failure), { cause: failure }),
  });

/** Counts in plain numbers, which the metrics take over when they are read: to count there costs a microsecond each time. */
function openCounter(metrics: ApiTools['metrics']) {
  const counted = new Map<DropReason | 'read', number>();
  metrics.onSettle(() => {
    for (const [result, views] of counted) metrics.views.inc({ result: result.replaceAll('-', '_') }, views);
    counted.clear();
  });
  return (result: DropReason | 'read', views: number): void => {
    counted.set(result, (counted.get(result) ?? 0) + views);
  };
}

type Asking = Pick<FastifyRequest, 'headers' | 'ip' | 'socket'>;

/** Who reports, as the request tells. */
export function reporterOf(request: Asking, channel: Exclude<Channel, 'import'>): Reporter {
  return {
    address: addressOf(request),
    userAgent: (request.headers['user-agent'] ?? '').slice(0, MAX_USER_AGENT),
    isPrefetch: isPrefetch(request),
    isTrusted: channel === 'ingest',
    channel,
  };
}

/** The view as the collector takes it, or undefined where it makes no sense. What only a trusted reporter may say is left out for others. */
export function reportOf(view: View, isTrusted: boolean): ViewReport | undefined {
  const { article, url, ref, visitor } = view;
  if (article === undefined && (url === undefined || !isWebUrl(url))) return undefined;
  const at = view.at === undefined ? undefined : parseTime(view.at);
  if (view.at !== undefined && at === undefined) return undefined;
  return {
    ...(article === undefined ? { url: url ?? '' } : { article }),
    ...(ref !== undefined && { ref }),
    ...(isTrusted && visitor !== undefined && { visitor }),
    ...(isTrusted && at !== undefined && { at }),
  };
}

/** Nobody looks at the page yet: Chrome and Safari say so in (Sec-)Purpose, old Firefox in X-Moz. */
function isPrefetch({ headers }: Asking): boolean {
  return PURPOSES.some(
    (name) => headers[name] !== undefined && /prefetch|prerender|preview/i.test(String(headers[name])),
  );
}

function isWebUrl(text: string): boolean {
  return /^https?:/i.test(text) && URL.canParse(text);
}

function sum(...parts: readonly Collected['dropped'][]): Collected['dropped'] {
  const total: Partial<Record<DropReason, number>> = {};
  for (const [reason, views] of parts.flatMap(entriesOf)) {
    if (views > 0) total[reason] = (total[reason] ?? 0) + views;
  }
  return total;
}

function entriesOf(dropped: Collected['dropped']): readonly [DropReason, number][] {
  return Object.entries(dropped) as [DropReason, number][];
}
