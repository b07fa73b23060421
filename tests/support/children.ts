import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

/** A Node process of its own, whose lines are read one after the other. It is killed when the test is over. */
export interface Child {
  readonly pid: number;
  line(): Promise<string>;
  kill(): Promise<void>;
  /** Waits for its end. */
  ended(): Promise<{ code: number | null; stderr: string }>;
}

/** Runs TypeScript (ESM; `root` is the URL of the repository's folder) in a process of its own. */
export function startChild(t: TestContext, code: string, environment: Record<string, string> = {}): Child {
  const root = new URL('../../', import.meta.url);
  const source = `const root = ${JSON.stringify(root.href)};\n${code}`;
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = once(child, 'close');
  const stderr: string[] = [];
  child.stderr?.on('data', (chunk) => stderr.push(String(chunk)));
  if (child.stdout === null || child.pid === undefined) throw new Error('the child has no output');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const kill = async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await end;
  };
  t.after(kill);
  return {
    pid: child.pid,
    async line() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the child ended: ${stderr.join('')}`);
      return value;
    },
    kill,
    async ended() {
      const [code] = await end;
      return { code, stderr: stderr.join('') };
    },
  };
}
