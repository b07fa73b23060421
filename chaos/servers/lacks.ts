import { spawnSync } from 'node:child_process';
import { newestBin } from './postgres.ts';

/** What this machine does not have of what everything here needs. */
export function lacksServers(): string | undefined {
  if (newestBin() === undefined) return 'PostgreSQL (Debian: apt-get install postgresql)';
  const isThere = (command: string) => spawnSync(command, ['--version']).status === 0;
  return ['redis-server', 'redis-cli'].every(isThere) ? undefined : 'Redis (Debian: apt-get install redis-server)';
}
