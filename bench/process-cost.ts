import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** CPU that a process has used so far, and the most memory it ever held (Linux: from /proc). */
export function measureProcess(pid: number): { cpuSeconds: number; peakMb: number; residentMb: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return { cpuSeconds: (user + system) / TICKS_PER_SECOND, peakMb: megabytes('VmHWM'), residentMb: megabytes('VmRSS') };
}
