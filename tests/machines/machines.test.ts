/** Two machines, as network namespaces are: a poller on the second works, is cut off by its cable, and comes back. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lacksServers } from '../../chaos/servers/lacks.ts';
import { databaseUrl } from '../support/engines.ts';
import { emptyFolder } from '../support/folders.ts';

/** Nothing leaves it: it has no way out, and all that it started ends with it. */
const APART = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function reasonToSkip(): string | false {
  if (databaseUrl === undefined) return 'needs servers (DATABASE_URL)';
  const lack = lacksServers();
  if (lack !== undefined) return `needs ${lack}`;
  const pair = 'ip link add near type veth peer name far && nsenter --target=$$ --net true';
  const { status } = spawnSync('unshare', [...APART, 'sh', '-c', pair], { stdio: 'ignore' });
  return status !== 0 && 'may make no network namespaces here (needs root, iproute2 and util-linux)';
}

test('work is shared with another machine, goes on without it, and is shared again', {
  skip: reasonToSkip(),
}, async (t) => {
  const folder = await emptyFolder(t);
  const trial = fileURLToPath(new URL('./trial.ts', import.meta.url));
  const args = [...APART, process.execPath, '--import', 'tsx', trial, folder];
  const child = spawn('unshare', args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const found = JSON.parse(await text(child.stdout));
  assert.deepEqual(found, { isShared: true, isCutOff: true, isCarriedOn: true, isBack: true, code: 0 });
});
