import type { LocalAccess } from '../api/local-access.ts';
import { type Finding, look } from './finding.ts';
import { callApi } from './through-api.ts';

/** What can be seen of a newsrank that has the embedded engines to itself. It runs, so its schema is its own. */
export function examineRunning(access: LocalAccess): Promise<Finding[]> {
  return Promise.all([
    look('engines', async () => {
      const { dependencies } = JSON.parse(await callApi(access, '/readyz')) as { dependencies: Record<string, string> };
      const states = Object.entries(dependencies).map(([name, state]) => `${name} ${state}`);
      return `in use by the newsrank that runs at ${access.url}, which is ready (${states.join(', ')})`;
    }),
    look('feeds', async () => {
      const metrics = await callApi(access, '/metrics');
      const states = [...metrics.matchAll(/^newsrank_feeds\{state="(\w+)"\} ([1-9]\d*)/gm)].map(
        ([, state, count]) => `${count} ${state}`,
      );
      const overdue = /^newsrank_feeds_overdue (\d+)/m.exec(metrics)?.[1] ?? '0';
      return `${states.join(', ') || 'none yet'}; ${overdue} overdue`;
    }),
  ]);
}
