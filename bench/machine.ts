import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** What figures were measured on, in a sentence or two. */
export function describeMachine(at: Date): string {
  const [processor] = cpus();
  const versionOf = (command: string, pattern: RegExp) =>
    pattern.exec(spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1] ?? 'not there';
  const versions = [
    `Node ${process.versions.node}`,
    `Redis ${versionOf('redis-server', /v=(\S+)/)}`,
    `PostgreSQL ${versionOf('psql', /(\d+\.\d+)/)}`,
    `Linux ${release()}`,
  ];
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC, on ${cpus().length} × ${processor?.model.trim()}, ${memory} GiB; ${versions.join(', ')}. Servers, origins and load ran on the same machine.`;
}
