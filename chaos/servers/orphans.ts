import type { ChildProcess } from 'node:child_process';

const living = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

/** Has the process end with ours, whatever ends ours. */
export function leaveNoOrphan(child: ChildProcess): void {
  living.add(child);
  child.once('exit', () => living.delete(child));
}
