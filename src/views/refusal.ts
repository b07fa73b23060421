import { parseArticleId } from '../ids.ts';
import type { Refusals } from './refusals.ts';
import { drop, type Tally } from './tally.ts';
import type { DropReason, Reporter, ViewReport } from './view.ts';

const MAX_URL = 2048;

/** Why a view is refused before anything is looked up. */
function refusalOf(report: ViewReport, reporter: Reporter, isProgram: boolean): DropReason | undefined {
  if (!isValid(report, reporter)) return 'invalid';
  if (reporter.isPrefetch) return 'prefetch';
  // A server that speaks for a visitor is a program itself.
  const speaksForVisitor = reporter.isTrusted && report.visitor !== undefined;
  return !speaksForVisitor && isProgram ? 'bot' : undefined;
}

function isValid({ article, url, at }: ViewReport, { isTrusted }: Reporter): boolean {
  if (isTrusted && at !== undefined && Number.isNaN(at.getTime())) return false;
  if (article !== undefined) return parseArticleId(article) !== undefined;
  return url !== undefined && url !== '' && url.length <= MAX_URL;
}

/** The views that are not refused before anything is looked up; the tally and `onRefused` hear of the others. */
export function candidatesOf(
  reports: readonly ViewReport[],
  reporter: Reporter,
  isProgram: boolean,
  tally: Tally,
  onRefused: Refusals['note'] | undefined,
): readonly ViewReport[] {
  return reports.filter((report) => {
    const reason = refusalOf(report, reporter, isProgram);
    if (reason === undefined) return true;
    drop(tally, reason);
    onRefused?.(report, reason);
    return false;
  });
}
