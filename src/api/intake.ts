import type { FastifyRequest } from 'fastify';
import { CodedError, messageOf } from '../errors.ts';
import type { Collected, DropReason, Reporter, ViewReport } from '../views/view.ts';
import { addressOf, limitKey } from './address.ts';
import { openLimiter } from './limiter.ts';
import type { View } from './schemas/view.ts';
import { parseTime } from './time.ts';
import type { ApiTools } from './tools.ts';

/** Views a minute from one address: more than a school or an office behind one address reads. */
const VIEWS_PER_MINUTE = 600;
const RETRY_SECONDS = 5;
const MAX_USER_AGENT = 512;

/** Takes reported views, undefined standing for a malformed one, and says what became of each. */
export interface Intake {
  take(reports: readonly (ViewReport | undefined)[], reporter: Reporter): Promise<Collected>;
}

export function openIntake({ collector, metrics, clock }: Pick<ApiTools, 'collector' | 'metrics' | 'clock'>): Intake {
  const limiter = openLimiter(VIEWS_PER_MINUTE);
  const count = (result: DropReason | 'read', views: number) =>
    metrics.views.inc({ result: result.replaceAll('-', '_') }, views);

  return {
    async take(reports, reporter) {
      const valid = reports.filter((report) => report !== undefined);
      const invalid = reports.length - valid.length;
      const allowed = reporter.isTrusted
        ? valid.length
        : limiter.take(limitKey(reporter.address), valid.length, clock());
      const limited = valid.length - allowed;
      if (limited > 0) count('rate-limited', limited);
      if (limited > 0 && limited === reports.length) {
        throw new CodedError('rate-limited', 'Too many views from this address.', { retryAfter: RETRY_SECONDS });
      }
      if (invalid > 0) count('invalid', invalid);
      const collected = await collect(valid.slice(0, allowed), reporter);
      return {
        accepted: collected.accepted,
        dropped: sum(collected.dropped, { 'rate-limited': limited, invalid }),
      };
    },
  };

  async function collect(reports: readonly ViewReport[], reporter: Reporter): Promise<Collected> {
    if (reports.length === 0) return { accepted: 0, dropped: {} };
    try {
      const collected = await collector.collect(reports, reporter);
      count('read', collected.accepted);
      for (const [reason, views] of entriesOf(collected.dropped)) count(reason, views);
      return collected;
    } catch (error) {
      count('overload', reports.length);
      if (error instanceof CodedError) throw error;
      throw new CodedError('unavailable', 'The views were not counted. Send them again.', {
        cause: new Error(messageOf(error), { cause: error }),
      });
    }
  }
}

/** Who reports, as the request tells. */
export function reporterOf(request: FastifyRequest, isTrusted: boolean): Reporter {
  return {
    address: addressOf(request),
    userAgent: (request.headers['user-agent'] ?? '').slice(0, MAX_USER_AGENT),
    isPrefetch: isPrefetch(request),
    isTrusted,
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
function isPrefetch({ headers }: FastifyRequest): boolean {
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    /prefetch|prerender|preview/i.test(String(headers[name] ?? '')),
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
