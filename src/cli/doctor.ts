import type { Command } from 'commander';
import type { Settings } from '../../config/settings.ts';
import { findAccess } from '../api/local-access.ts';
import { auditBody } from '../api/schemas/revocation.ts';
import { systemClock } from '../clock.ts';
import { openClosers } from '../closers.ts';
import { type Engines, openEngines } from '../engines/open.ts';
import type { RedisClient } from '../engines/redis.ts';
import type { Sql } from '../engines/sql.ts';
import { CodedError } from '../errors.ts';
import { countFeedsByState, countOverdue } from '../feeds/count.ts';
import { readFeedsFile } from '../feeds/feeds-file.ts';
import { openLog } from '../log.ts';
import { compareMigrations } from '../schema/migrate.ts';
import { auditCounts } from '../views/audit.ts';
import { describePostgres } from './doctor-postgres.ts';
import { describeRedis } from './doctor-redis.ts';
import { examineRunning } from './doctor-running.ts';
import { type Finding, look } from './finding.ts';
import type { Terminal } from './terminal.ts';
import { describeAudit } from './views-audit.ts';

export function addDoctor(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .description('look whether everything that newsrank needs is there, and say what to do where it is not')
    .option('--json', 'print the findings as JSON')
    .action(async (options: { json?: true }) => {
      const findings = await examine(terminal);
      if (options.json) terminal.print(JSON.stringify(findings));
      else
        for (const { check, isGood, detail } of findings)
          terminal.print(`${isGood ? 'ok  ' : 'FAIL'} ${check}: ${detail}`);
      const wrong = findings.filter(({ isGood }) => !isGood);
      if (wrong.length > 0) {
        throw new CodedError('check-failed', `not right yet: ${wrong.map(({ check }) => check).join(', ')}.`);
      }
    });
}

async function examine(terminal: Terminal): Promise<Finding[]> {
  const settings = terminal.settings();
  const closers = openClosers(() => undefined);
  const findings = [
    await look('Node', async () => process.version),
    await look('feeds file', async () => {
      const { feeds } = await readFeedsFile(settings.FEEDS_FILE);
      return `${settings.FEEDS_FILE} holds ${feeds.length} feeds`;
    }),
    await look('admin routes', async () =>
      settings.ADMIN_TOKEN === undefined ? 'off (ADMIN_TOKEN is not set)' : 'on',
    ),
  ];
  try {
    findings.push(...(await examineEngines(settings, closers)));
  } finally {
    await closers.closeAll();
  }
  return findings;
}

async function examineEngines(settings: Settings, closers: ReturnType<typeof openClosers>): Promise<Finding[]> {
  let engines: Engines | undefined;
  let isLocked = false;
  const opened = await look('engines', async () => {
    try {
      engines = await openEngines(settings, closers, openLog('silent'));
      return engines.description;
    } catch (error) {
      isLocked = error instanceof CodedError && error.code === 'data-folder-locked';
      throw error;
    }
  });
  if (engines === undefined) {
    const access = isLocked ? await findAccess(settings.DATA_DIR) : undefined;
    return access === undefined ? [opened] : examineRunning(access);
  }
  const { sql, redis, isRedisEphemeral } = engines;
  const servers = [
    ...(settings.DATABASE_URL === undefined ? [] : [await look('PostgreSQL', () => describePostgres(sql))]),
    ...(isRedisEphemeral ? [] : [await look('Redis', () => describeRedis(redis))]),
  ];
  // Counts are read by scripts, which a Redis that takes no writes refuses: that was said already.
  const isRedisGood = servers.every(({ check, isGood }) => check !== 'Redis' || isGood);
  return [opened, ...servers, ...(await examineData(sql, isRedisGood ? redis : undefined))];
}

/** Changes nothing: who looks at what an older version runs on must not migrate it. */
async function examineData(sql: Sql, redis: RedisClient | undefined): Promise<Finding[]> {
  let isThere = false;
  const schema = await look('schema', async () => {
    const { applied, pending } = await compareMigrations(sql);
    isThere = pending.length === 0;
    if (isThere) return 'up to date';
    if (applied.length === 0) return 'none yet: the first start makes it';
    throw new Error(`of an older version: back up, then newsrank migrate or a start applies ${pending.join(', ')}`);
  });
  if (!isThere) return [schema];
  return [
    schema,
    await look('feeds', async () => {
      const states = Object.entries(await countFeedsByState(sql)).map(([state, count]) => `${count} ${state}`);
      return `${states.join(', ') || 'none yet'}; ${(await countOverdue(sql, systemClock())).all} overdue`;
    }),
    ...(redis === undefined ? [] : [await look('counts', () => examineCounts(sql, redis))]),
  ];
}

async function examineCounts(sql: Sql, redis: RedisClient): Promise<string> {
  const audit = auditBody(await auditCounts(sql, redis, 'look', systemClock()));
  if (audit.wrong.length + audit.wrongTotals === 0) return describeAudit(audit);
  throw new Error(`${describeAudit(audit)}; newsrank views audit --repair sets them right`);
}
