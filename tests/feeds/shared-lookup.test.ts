import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import { openAddressGuard, type Resolve } from '../../src/feeds/address-guard.ts';
import { shareLookups } from '../../src/feeds/shared-lookup.ts';

const ANSWER: LookupAddress[] = [{ address: '8.8.8.8', family: 4 }];

/** A resolver that answers when it is told to, and a shared one on top of it. */
function slowly(maxAtOnce = 2) {
  const open: { name: string; answer(addresses: LookupAddress[], code?: string): void }[] = [];
  const resolve: Resolve = (name, _, callback) => {
    const answer = (addresses: LookupAddress[], code?: string) =>
      callback(code === undefined ? null : Object.assign(new Error(code), { code }), addresses);
    open.push({ name, answer });
  };
  const clock = { now: 1000 };
  const shared = shareLookups(resolve, maxAtOnce, () => clock.now);
  const ask = (name: string, family = 0) =>
    new Promise<string>((done) => {
      shared(name, { all: true, family }, (error, addresses) =>
        done(error?.code ?? addresses.map(({ address }) => address).join()),
      );
    });
  return { open, ask, clock };
}

test('one question for a name, however many ask, and none for half a minute after its answer', async () => {
  const { open, ask, clock } = slowly();
  const both = [ask('a.example'), ask('A.example')];
  assert.equal(open.length, 1);
  open[0]?.answer(ANSWER);
  assert.deepEqual(await Promise.all(both), ['8.8.8.8', '8.8.8.8']);
  clock.now = 30_000;
  assert.equal(await ask('a.example'), '8.8.8.8');
  assert.equal(open.length, 1);
  void ask('a.example', 6);
  assert.equal(open.length, 2, 'another family is another question');
  open[1]?.answer(ANSWER);
  clock.now = 32_000;
  void ask('a.example');
  assert.equal(open.length, 3);
});

test('failures are not kept', async () => {
  const { open, ask } = slowly();
  const first = ask('a.example');
  open[0]?.answer([], 'EAI_AGAIN');
  assert.equal(await first, 'EAI_AGAIN');
  const second = ask('a.example');
  open[1]?.answer([]);
  assert.equal(await second, '');
  void ask('a.example');
  assert.equal(open.length, 3);
});

test('silent names hold a bounded number of threads, one each, and who waited in vain is not looked up', async () => {
  const { open, ask, clock } = slowly(2);
  for (let poll = 0; poll < 5; poll++) void ask('silent.example');
  void ask('dead.example');
  const late = ask('late.example');
  assert.deepEqual(
    open.map(({ name }) => name),
    ['silent.example', 'dead.example'],
  );
  clock.now = 5000;
  const fresh = ask('fresh.example');
  open[1]?.answer([], 'ENOTFOUND');
  assert.equal(await late, 'EDNSTIMEOUT');
  assert.equal(open[2]?.name, 'fresh.example');
  open[2]?.answer(ANSWER);
  assert.equal(await fresh, '8.8.8.8');
});

test('a kept answer is checked like a new one', async () => {
  const answers: LookupAddress[][] = [[{ address: '10.0.0.1', family: 4 }]];
  const resolve = shareLookups((_, __, callback) => callback(null, answers.shift() ?? ANSWER));
  const codes: (string | undefined)[] = [];
  for (let poll = 0; poll < 2; poll++) {
    await new Promise<void>((done) => {
      openAddressGuard([], resolve).lookup('inside.example', {}, (error) => {
        codes.push(error?.code);
        done();
      });
    });
  }
  assert.deepEqual(codes, ['ERR_ADDRESS_BLOCKED', 'ERR_ADDRESS_BLOCKED']);
  assert.equal(answers.length, 0);
});
