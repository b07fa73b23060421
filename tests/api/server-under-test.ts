import type { FastifyInstance } from 'fastify';
import { loadSettings } from '../../config/load.ts';
import { openServer } from '../../src/api/server.ts';
import type { ApiTools, Plugin } from '../../src/api/tools.ts';
import { systemClock } from '../../src/clock.ts';
import type { RedisClient } from '../../src/engines/redis.ts';
import type { Sql } from '../../src/engines/sql.ts';
import { openLog } from '../../src/log.ts';
import { openMetrics } from '../../src/metrics.ts';
import type { Collected, Reporter, ViewReport } from '../../src/views/view.ts';

export const ADMIN_TOKEN = `${'a'.repeat(16)}0123456789abcdef`;
export const INGEST_TOKEN = `${'i'.repeat(16)}0123456789abcdef`;

/** What a collector was given, and what it shall answer. */
export interface FakeCollector {
  readonly calls: { reports: readonly ViewReport[]; reporter: Reporter }[];
  answer: (reports: readonly ViewReport[], reporter: Reporter) => Promise<Collected>;
}

export function fakeCollector(): FakeCollector {
  return { calls: [], answer: async (reports) => ({ accepted: reports.length, dropped: {} }) };
}

const absent = (name: string): never => {
  throw new Error(`${name} is not part of this test: postgres://user:secret@host/ must not get out`);
};

/** Tools with which a server opens without engines; what a test needs beside is given in `tools`. */
export function toolsFor(
  environment: Record<string, string> = {},
  tools: Partial<ApiTools> & { collected?: FakeCollector; lines?: string[] } = {},
): ApiTools {
  const { collected = fakeCollector(), lines = [], ...rest } = tools;
  const sql: Sql = {
    query: async () => absent('sql'),
    transaction: async () => absent('sql'),
    script: async () => absent('sql'),
  };
  return {
    settings: loadSettings({ ADMIN_TOKEN, INGEST_TOKEN, ...environment }),
    sql,
    redis: new Proxy({}, { get: () => absent('redis') }) as RedisClient,
    collector: {
      async collect(reports, reporter) {
        collected.calls.push({ reports, reporter });
        return collected.answer(reports, reporter);
      },
      collectThen(reports, reporter, done) {
        this.collect(reports, reporter).then(done, (failure: unknown) => done(undefined, failure));
      },
      async close() {},
    },
    metrics: openMetrics('0.0.0-test'),
    log: openLog('info', { write: (line) => void lines.push(line) }),
    clock: systemClock,
    isReady: async () => ({ isReady: true, dependencies: { postgresql: 'up', redis: 'up' } }),
    pollNow: async () => {},
    discoverFeeds: async () => absent('discoverFeeds'),
    storePush: async () => absent('storePush'),
    checkFeed: async () => absent('checkFeed'),
    ...rest,
  };
}

export async function serverFor(
  environment: Record<string, string> = {},
  tools: Parameters<typeof toolsFor>[1] = {},
  plugins: readonly Plugin[] = [],
): Promise<FastifyInstance> {
  return openServer(toolsFor(environment, tools), plugins);
}
