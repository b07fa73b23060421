import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A disk in memory of so many megabytes, which can be filled to its last byte. */
export interface SmallDisk {
  readonly folder: string;
  fill(): void;
  empty(): void;
  close(): void;
}

const CHUNK = Buffer.alloc(1 << 16);

export const lacksMount = (): string | undefined =>
  process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0
    ? undefined
    : 'root, to mount a small disk';

export function openSmallDisk(folder: string, megabytes: number): SmallDisk {
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'chaos', folder]);
  if (status !== 0) throw new Error(`no small disk: ${stderr}`);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (let size = CHUNK.length; size > 0; ) {
          try {
            writeSync(file, CHUNK, 0, size);
          } catch {
            size = Math.floor(size / 2);
          }
        }
      } finally {
        closeSync(file);
      }
    },
    empty: () => rmSync(ballast, { force: true }),
    close() {
      spawnSync('umount', ['--lazy', folder]);
    },
  };
}
