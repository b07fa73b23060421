import type { Command } from 'commander';
import type { Settings } from '../../config/settings.ts';
import { findAccess } from '../api/local-access.ts';
import { type AuditBody, auditBody } from '../api/schemas/revocation.ts';
import { systemClock } from '../clock.ts';
import { openClosers } from '../closers.ts';
import { openEngines } from '../engines/open.ts';
import { CodedError } from '../errors.ts';
import { openLog } from '../log.ts';
import { migrate } from '../schema/migrate.ts';
import { auditCounts } from '../views/audit.ts';
import type { Terminal } from './terminal.ts';
import { callApi } from './through-api.ts';

export type RunAudit = (settings: Settings, isRepair: boolean) => Promise<AuditBody>;

export function addViewsAudit(views: Command, terminal: Terminal, runAudit: RunAudit = auditHere): void {
  views
    .command('audit')
    .description('compare all counts with PostgreSQL now, as is done each night')
    .option('--repair', 'put right what differs')
    .option('--json', 'print the result as JSON')
    .action(async (options: { repair?: true; json?: true }) => {
      const audit = await runAudit(terminal.settings(), options.repair === true);
      terminal.print(options.json ? JSON.stringify(audit) : describeAudit(audit));
      const isWrong = audit.wrong.length + audit.wrongTotals > 0;
      if (isWrong && options.repair === undefined) {
        throw new CodedError('check-failed', 'counts are wrong: newsrank views audit --repair sets them right.');
      }
    });
}

export function describeAudit({ articles, waiting, wrong, wrongTotals }: AuditBody): string {
  const left = waiting === 0 ? '' : `; ${waiting} that a counter is about to count anew were left out`;
  if (wrong.length + wrongTotals === 0) return `the counts of ${articles} articles are right${left}`;
  const named = wrong.length === 0 ? '' : ` (${wrong.slice(0, 5).join(', ')}${wrong.length > 5 ? ', …' : ''})`;
  return `of ${articles} articles, the counts of ${wrong.length} were wrong${named}, and ${wrongTotals} sums of categories${left}`;
}

/** On the engines of the settings, or where a running newsrank has the embedded ones to itself, through its API. */
async function auditHere(settings: Settings, isRepair: boolean): Promise<AuditBody> {
  const closers = openClosers(() => undefined);
  try {
    const { sql, redis } = await openEngines(settings, closers, openLog('silent'));
    await migrate(sql);
    return auditBody(await auditCounts(sql, redis, isRepair ? 'repair' : 'look', systemClock()));
  } catch (error) {
    const access =
      error instanceof CodedError && error.code === 'data-folder-locked'
        ? await findAccess(settings.DATA_DIR)
        : undefined;
    if (access === undefined) throw error;
    const body = JSON.stringify({ repair: isRepair });
    return JSON.parse(await callApi(access, '/v1/views/audit', { method: 'POST', body }));
  } finally {
    await closers.closeAll();
  }
}
