import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { Client, Pool } from 'pg';
import { isOutage } from '../../src/engines/outage.ts';
import { openEmbeddedRedis } from '../support/engines.ts';
import { DEAD_PORT, listenFor } from '../support/ports.ts';

/** On a Redis of its own: what it refuses, it refuses everybody. */
let own: Awaited<ReturnType<typeof openEmbeddedRedis>>;
before(async () => {
  own = await openEmbeddedRedis();
});
after(() => own.close());

async function failureOf(asked: Promise<unknown>): Promise<Error> {
  const failure = await asked.then(
    () => assert.fail('did not fail'),
    (error: unknown) => error,
  );
  assert.ok(failure instanceof Error);
  return failure;
}

async function assertOutage(asked: Promise<unknown>, words: RegExp): Promise<void> {
  const failure = await failureOf(asked);
  assert.match(failure.message, words);
  assert.ok(isOutage(failure), `${failure.name}: ${failure.message}`);
}

type Options = Pick<
  RedisOptions,
  | 'commandTimeout'
  | 'disableClientInfo'
  | 'enableOfflineQueue'
  | 'enableReadyCheck'
  | 'lazyConnect'
  | 'retryStrategy'
  | 'socketTimeout'
>;

/** A client of which nobody hears the errors, ended with the test. */
function client(t: { after(end: () => void): void }, port: number, options: Options = {}): Redis {
  const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: 0, retryStrategy: () => 1000, ...options });
  redis.on('error', () => {});
  t.after(() => redis.disconnect());
  return redis;
}

test('a Redis that is full, lacks replicas, is a replica, or allows too little', async () => {
  const { redis } = own;
  const write = () => redis.set('a', 1);
  const script = () => redis.eval("return redis.call('set', KEYS[1], 1)", 1, 'a');
  const states: readonly (readonly [words: RegExp, begin: string, end: string])[] = [
    [/^OOM /, 'config set maxmemory 1', 'config set maxmemory 0'],
    [/^NOREPLICAS /, 'config set min-replicas-to-write 1', 'config set min-replicas-to-write 0'],
    [/^READONLY /, `replicaof 127.0.0.1 ${DEAD_PORT}`, 'replicaof no one'],
    [/^NOPERM /, 'acl setuser default -set -eval', 'acl setuser default +@all'],
  ];
  const say = (command: string) => redis.call(...(command.split(' ') as [string, ...string[]]));
  for (const [words, begin, end] of states) {
    await say(begin);
    await assertOutage(write(), words);
    await assertOutage(script(), words);
    await say(end);
    await write();
  }
  await redis.config('SET', 'replica-serve-stale-data', 'no');
  await say(`replicaof 127.0.0.1 ${DEAD_PORT}`);
  await assertOutage(redis.get('a'), /^MASTERDOWN /);
  await say('replicaof no one');
});

test('what only an old, a loading, a busy or a clustered Redis says', async (t) => {
  const said = [
    'LOADING Redis is loading the dataset in memory',
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
    'CLUSTERDOWN The cluster is down',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
    'NOAUTH Authentication required.',
    'WRONGPASS invalid username-password pair or user is disabled.',
    // Redis 6.2, of which scripts met what others are told plainly.
    "ERR Error running script (call to f_6b1b): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'. ",
    "ERR Error running script (call to f_6b1b): @user_script:7: -READONLY You can't write against a read only replica.",
  ];
  const answers = [...said];
  const port = await listenFor(t, (socket) => {
    socket.on('data', (chunk) => {
      for (const [, name] of String(chunk).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g))
        socket.write(name === 'GET' ? `-${answers.shift()}\r\n` : '+OK\r\n');
    });
  });
  const redis = client(t, port, { enableReadyCheck: false });
  for (const words of said) {
    const failure = await failureOf(redis.call('GET', 'a'));
    assert.equal(failure.message, words);
    assert.ok(isOutage(failure), words);
  }
});

test('a Redis that is away, hangs up, or keeps silent', async (t) => {
  const away = client(t, DEAD_PORT, { enableOfflineQueue: false });
  await assertOutage(away.get('a'), /^Stream isn't writeable/);
  await assertOutage(client(t, DEAD_PORT).get('a'), /^Reached the max retries per request limit/);
  const ended = client(t, DEAD_PORT, { lazyConnect: true, retryStrategy: () => null });
  ended.disconnect();
  await assertOutage(ended.get('a'), /^Connection is closed/);

  const silent = await listenFor(t, () => {});
  const plain = { enableReadyCheck: false, disableClientInfo: true };
  await assertOutage(client(t, silent, { ...plain, commandTimeout: 50 }).get('a'), /^Command timed out/);
  const owed = client(t, silent, { ...plain, socketTimeout: 50 });
  const told = new Promise((_, reject) => owed.removeAllListeners('error').on('error', reject));
  void owed.get('a').catch(() => {});
  await assertOutage(told, /^Socket timeout/);
});

test('a cluster of which no node is there', async (t) => {
  const cluster = new Cluster([{ host: '127.0.0.1', port: DEAD_PORT }], {
    ...{ enableOfflineQueue: false, clusterRetryStrategy: () => null, redisOptions: { maxRetriesPerRequest: 0 } },
  });
  cluster.on('error', () => {});
  t.after(() => cluster.disconnect());
  await assertOutage(cluster.get('a'), /^Cluster isn't ready/);
  const queued = new Cluster([{ host: '127.0.0.1', port: DEAD_PORT }], { clusterRetryStrategy: () => null });
  queued.on('error', () => {});
  await assertOutage(queued.get('a'), /None of startup nodes|Connection is closed|all.*failed/i);
});

test('a PostgreSQL that is away, hangs up, keeps silent, shuts down, is full, or only reads', async (t) => {
  const connecting = async (port: number) => {
    const pool = new Pool({ host: '127.0.0.1', port, connectionTimeoutMillis: 100 });
    t.after(() => pool.end());
    return await pool.query('select 1');
  };
  await assertOutage(connecting(DEAD_PORT), /ECONNREFUSED/);
  await assertOutage(connecting(await listenFor(t, (socket) => socket.end())), /^Connection terminated|ECONNRESET/);
  await assertOutage(connecting(await listenFor(t, () => {})), /timeout/);
  const ended = new Client({ host: '127.0.0.1', port: DEAD_PORT });
  await ended.connect().catch(() => {});
  await assertOutage(ended.query('select 1'), /^Connection terminated|not queryable/);
  const closed = new Pool({ host: '127.0.0.1', port: DEAD_PORT });
  await closed.end();
  await assertOutage(closed.query('select 1'), /^Cannot use a pool/);
  for (const code of ['57P01', '57P03', '53100', '53300', '25006', '58030', '08006', 'ENOTFOUND', 'EAI_AGAIN']) {
    assert.ok(isOutage(Object.assign(new Error('said by the server'), { code })), code);
  }
});

test('a mistake is no outage', async () => {
  const { redis } = own;
  await redis.set('text', 'a');
  const mistakes = [
    redis.hget('text', 'b'),
    redis.eval("return redis.call('nonsense')", 0),
    redis.evalsha('0'.repeat(40), 0),
    redis.eval("return redis.error_reply('CROSSSLOT Keys in request do not hash to the same slot')", 0),
    redis.eval("return redis.error_reply('OOMPH is no word of Redis')", 0),
  ];
  for (const mistake of mistakes) assert.equal(isOutage(await failureOf(mistake)), false);
  for (const code of ['23505', '42P01', '42601', '57014']) {
    assert.equal(isOutage(Object.assign(new Error('said by the server'), { code })), false, code);
  }
  for (const other of [new TypeError('x is undefined'), 'READONLY as a text', undefined]) {
    assert.equal(isOutage(other), false);
  }
});
