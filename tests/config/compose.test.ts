import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { loadSettings } from '../../config/load.ts';
import { ROLES, SETTINGS } from '../../config/settings.ts';
import { emptyFolder } from '../support/folders.ts';
import { DEAD_PORT, listenFor } from '../support/ports.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TEXT = readFileSync(`${ROOT}docker-compose.yml`, 'utf8');

interface Service {
  readonly image: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly privileged?: boolean;
  readonly security_opt?: readonly string[];
  readonly user?: string;
  readonly secrets?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[] };
  readonly deploy?: object;
  readonly cpus?: number;
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly command?: readonly string[];
}

const file: { services: Record<string, Service>; secrets: Record<string, { file: string }> } = parse(TEXT, {
  merge: true,
});
const services = Object.entries(file.services);
const ours = services.filter(([, { image }]) => image === 'newsrank');

test('every container is hardened and limited, and nothing of ours runs as root', () => {
  for (const [name, service] of services) {
    assert.equal(service.read_only, true, name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    assert.ok(service.cap_add === undefined && service.privileged === undefined, name);
    assert.ok(service.mem_limit && service.cpus && service.pids_limit, name);
    // "can't set distinct values on 'pids_limit' and 'deploy.resources.limits.pids'", says Compose from version 2 on.
    assert.equal(service.deploy, undefined, name);
    // Ours have the image's own.
    if (service.image !== 'newsrank') assert.ok(service.healthcheck, name);
    if (/^(postgres|redis):/.test(service.image)) assert.ok(service.user, name);
  }
  const dockerfile = readFileSync(`${ROOT}Dockerfile`, 'utf8');
  assert.match(dockerfile, /^USER node$/m);
  assert.match(dockerfile, /^HEALTHCHECK .*\/livez/m);
  const outside = services.flatMap(([, { ports = [] }]) => ports).filter((port) => !port.startsWith('127.0.0.1:'));
  assert.deepEqual(outside, [`\${PORT:-8080}:8080`], 'only the API is reached from outside');
});

test('a server counts as healthy once it takes what newsrank asks of it, and no sooner', async (t) => {
  const commandOf = (name: string) => file.services[name]?.healthcheck?.test?.slice(1) ?? [];
  assert.deepEqual(commandOf('postgres').slice(0, 3), ['pg_isready', '-h', '127.0.0.1']);
  const [cli = '', ...args] = commandOf('redis');
  if (spawnSync(cli, ['--version']).status !== 0) return t.diagnostic('no redis-cli');
  const ask = async (answer: string) => {
    const port = await listenFor(t, (socket) => void socket.on('data', () => socket.write(answer)));
    const child = spawn(cli, ['-p', String(port), ...args], { stdio: 'ignore' });
    const [code] = await once(child, 'close');
    return code;
  };
  assert.equal(await ask('+PONG\r\n'), 0);
  assert.notEqual(await ask('-LOADING Redis is loading the dataset in memory\r\n'), 0);
  const nobody = spawnSync(cli, ['-p', String(DEAD_PORT), ...args]);
  assert.notEqual(nobody.status, 0);
  return undefined;
});

test('PostgreSQL may have as many processes as connections, and those are enough for a dozen of ours', () => {
  const { command = [], pids_limit = 0 } = file.services['postgres'] ?? {};
  const [, most] = /max_connections=(\d+)/.exec(command.join(' ')) ?? [];
  assert.ok(Number(most) >= 120);
  assert.ok(pids_limit > Number(most) + 20, `${pids_limit} processes for ${most} connections`);
});

test('there is a container for each role, and Prometheus knows them all', () => {
  assert.deepEqual(ours.map(([, { environment }]) => environment?.['ROLES']).sort(), [...ROLES].sort());
  const { scrape_configs: scrapes } = parse(readFileSync(`${ROOT}config/prometheus/prometheus.yml`, 'utf8'));
  assert.deepEqual([...scrapes[0].dns_sd_configs[0].names].sort(), ours.map(([name]) => name).sort());
});

test('what containers are told are settings, and secrets come from files that the script writes', async (t) => {
  const folder = await emptyFolder(t);
  const script = `${ROOT}config/docker/make-secrets.sh`;
  execFileSync(script, [folder]);
  const written = readdirSync(folder);
  const before = readFileSync(`${folder}/admin_token`, 'utf8');
  execFileSync(script, [folder]);
  assert.equal(readFileSync(`${folder}/admin_token`, 'utf8'), before, 'what is there stays');
  for (const { file: path } of Object.values(file.secrets))
    assert.ok(written.includes(path.replace('./secrets/', '')), path);
  for (const [name, { environment = {}, secrets = [] }] of ours) {
    const told = Object.fromEntries(
      Object.entries(environment).map(([key, value]) => [
        key,
        value.replace('/run/secrets', folder).replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
      ]),
    );
    const known = (key: string) => key in SETTINGS || key.replace(/_FILE$/, '') in SETTINGS;
    assert.deepEqual(
      Object.keys(told).filter((key) => !known(key)),
      [],
      name,
    );
    const settings = loadSettings(told);
    assert.match(String(settings.DATABASE_URL), /^postgres:\/\/newsrank:[0-9a-f]{64}@postgres:5432\/newsrank$/);
    assert.ok(settings.REDIS_URL && settings.ADMIN_TOKEN && settings.INGEST_TOKEN);
    for (const secret of secrets) assert.ok(secret in file.secrets, secret);
  }
});

test('every file and folder that is mounted is there', () => {
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes).filter((volume) => volume.startsWith('./'));
  assert.ok(mounted.length > 0);
  for (const volume of mounted) {
    const [path = ''] = volume.split(':');
    assert.ok(
      readdirSync(`${ROOT}${path.slice(0, path.lastIndexOf('/'))}`).includes(path.slice(path.lastIndexOf('/') + 1)),
      path,
    );
    assert.match(volume, /:ro$/);
  }
});

/** What people use today, and what Debian has, which is older than the key `name`. */
const COMPOSE = [
  { command: ['docker', 'compose'], input: TEXT },
  { command: ['docker-compose'], input: TEXT.replace(/^name: .*$/m, '') },
] as const;
const there = COMPOSE.filter(
  ({ command: [program, ...args] }) => spawnSync(program, [...args, 'version']).status === 0,
);
const skipWithoutCompose = there.length === 0 && 'needs docker-compose (Debian: apt-get install docker-compose)';

test('Compose finds it valid', { skip: skipWithoutCompose }, () => {
  for (const { command, input } of there) {
    const [program, ...first] = command;
    const args = [...first, '--file', '-', '--project-directory', ROOT, '--profile', 'cluster', 'config'];
    const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' });
    assert.equal(status, 0, `${command.join(' ')}: ${stderr}`);
    assert.deepEqual(Object.keys(parse(stdout).services).sort(), Object.keys(file.services).sort());
  }
});
