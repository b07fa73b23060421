import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { test } from 'node:test';
import fc from 'fast-check';
import { openAddressGuard, type Resolve } from '../../src/feeds/address-guard.ts';

const guard = openAddressGuard([]);

const BLOCKED = `
  0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
  168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1
  192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
  255.255.255.255
  :: ::1 [::1] ::127.0.0.1 ::808:808 ::7f00:1 100::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1
  2001:db8::1 2001:2::1 2001:10::1 2001:20::1 3fff::1 4000::1 5f00::1 64:ff9b:1::808:808
  ::ffff:127.0.0.1 ::ffff:7f00:1 0:0:0:0:0:ffff:a00:1 ::ffff:169.254.169.254 ::ffff:168.63.129.16
  ::ffff:0:127.0.0.1 ::ffff:0:a9fe:a9fe
  64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe
  2002:7f00:1:: 2002:a00:1::1 2002:c0a8:101:: 2002:a9fe:a9fe::
  2001:0:7f00:1::f7f7:f7f7 2001:0:808:808::80ff:fffe 2001:0:808:808::f5ff:fffe
  2606:4700::5efe:127.0.0.1 2606:4700::200:5efe:10.0.0.1
  ::ffff:64:ff9b
`
  .trim()
  .split(/\s+/);

const PUBLIC = `
  1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 168.63.129.17
  169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
  223.255.255.255
  2606:4700:4700::1111 [2001:4860:4860::8888] 2a00:1450:4001::1
  ::ffff:8.8.8.8 ::ffff:808:808 64:ff9b::8.8.8.8 2002:808:808::1 2001:0:808:808::f7f7:f7f7
`
  .trim()
  .split(/\s+/);

test('no address that is not public passes, however it is written or wrapped', () => {
  for (const address of BLOCKED) assert.equal(guard.isAllowed(address), false, address);
});

test('public addresses pass, also the neighbours of those that do not', () => {
  for (const address of PUBLIC) assert.equal(guard.isAllowed(address), true, address);
});

test('what is no plain address does not pass', () => {
  for (const text of [
    '',
    'localhost',
    '8.8.8',
    '134744072',
    '0x8.8.8.8',
    '010.8.8.8',
    '8.8.8.8.8',
    '8.8.8.8 ',
    ':::',
  ]) {
    assert.equal(guard.isAllowed(text), false, text);
  }
});

test('URLs in every spelling of a loopback address name one that does not pass', () => {
  const spellings =
    '127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 017700000001 127.0.0.1. %31%32%37.0.0.1 １２７.0.0.1 ①②⑦.0.0.1 [::1] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] 0 0.0.0.0';
  for (const spelling of spellings.split(' ')) {
    const { hostname } = new URL(`http://${spelling}/`);
    assert.equal(guard.isAllowed(hostname), false, `${spelling} is ${hostname}`);
  }
});

test('named ranges are open, wrapped too, and nothing beside them', () => {
  const opened = openAddressGuard(['127.0.0.1/32', '10.1.0.0/16', 'fd00::/8']);
  for (const address of ['127.0.0.1', '10.1.2.3', 'fd00::1', '::ffff:127.0.0.1', '64:ff9b::10.1.0.1', '8.8.8.8']) {
    assert.equal(opened.isAllowed(address), true, address);
  }
  for (const address of ['127.0.0.2', '10.2.0.1', '::1', 'fc00::1', '::ffff:127.0.0.2']) {
    assert.equal(opened.isAllowed(address), false, address);
  }
});

function resolving(...addresses: string[]): Resolve {
  return (_, __, callback) => {
    callback(
      null,
      addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

function lookup(resolve: Resolve, options: { all?: boolean; family?: number } = {}, timeoutMs?: number) {
  return new Promise<{ code: string | null; found: unknown; family: number | undefined }>((done) => {
    openAddressGuard([], resolve, timeoutMs).lookup('name.example', options, (error, found, family) =>
      done({ code: error === null ? null : (error.code ?? 'none'), found, family }),
    );
  });
}

test('a look-up gives one address, or all where the connection asks for all', async () => {
  const resolve = resolving('8.8.8.8', '2606:4700:4700::1111');
  assert.deepEqual(await lookup(resolve), { code: null, found: '8.8.8.8', family: 4 });
  const all = await lookup(resolve, { all: true });
  assert.deepEqual(all.found, [
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700:4700::1111', family: 6 },
  ]);
});

test('one address that is not public refuses the name, wherever it stands', async () => {
  for (const answers of [
    ['127.0.0.1'],
    ['8.8.8.8', '10.0.0.1'],
    ['::ffff:10.0.0.1', '8.8.8.8'],
    ['fe80::1%lo', '1.1.1.1'],
  ]) {
    for (const all of [true, false]) {
      const { code, found } = await lookup(resolving(...answers), { all });
      assert.equal(code, 'ERR_ADDRESS_BLOCKED');
      assert.deepEqual(found, []);
    }
  }
});

test('a name without an address, and a resolver that fails or is silent, are errors', async () => {
  assert.equal((await lookup(resolving())).code, 'ENOTFOUND');
  const failing: Resolve = (_, __, callback) => callback(Object.assign(new Error('no'), { code: 'EAI_AGAIN' }), []);
  assert.equal((await lookup(failing)).code, 'EAI_AGAIN');
  assert.equal((await lookup(() => {}, {}, 5)).code, 'EDNSTIMEOUT');
});

test('a late answer of the resolver is dropped', async () => {
  let answer: (() => void) | undefined;
  const slow: Resolve = (_, __, callback) => {
    answer = () => callback(null, [{ address: '8.8.8.8', family: 4 }]);
  };
  const calls: unknown[] = [];
  const { promise, resolve: done } = withResolver();
  openAddressGuard([], slow, 5).lookup('name.example', {}, (error) => {
    calls.push(error?.code);
    done();
  });
  await promise;
  answer?.();
  assert.deepEqual(calls, ['EDNSTIMEOUT']);
});

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** First octets and how many bits of them make the range: what RFC 6890 and its kin keep from the public internet. */
const PRIVATE_RANGES: readonly (readonly [address: number, bits: number])[] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0000200, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xc6336400, 24],
  [0xcb007100, 24],
  [0xe0000000, 4],
  [0xf0000000, 4],
];

const word = fc.integer({ min: 0, max: 0xffffffff });
const privateNumber = fc
  .tuple(fc.constantFrom(...PRIVATE_RANGES), word)
  .map(([[start, bits], any]) => (start | (any & (0xffffffff >>> bits))) >>> 0);
const octets = (number: number) => [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255] as const;
const group = (number: number) => number.toString(16);
const groups = (number: number) => `${group(number >>> 16)}:${group(number & 0xffff)}`;

/** Every way in which a URL may write an IPv4 address: one to four parts, each decimal, octal or hexadecimal. */
const spelling = fc
  .tuple(privateNumber, fc.integer({ min: 1, max: 4 }), fc.array(fc.constantFrom(10, 8, 16, 160), { minLength: 4 }))
  .map(([number, count, bases]) => {
    const [a, b, c, d] = octets(number);
    const parts = [[number], [a, number & 0xffffff], [a, b, number & 0xffff], [a, b, c, d]][count - 1] ?? [];
    const written = parts.map((part, index) => {
      const base = bases[index] ?? 10;
      if (base === 8) return `0${part.toString(8)}`;
      if (base === 10) return String(part);
      return base === 16 ? `0x${group(part)}` : `0X000${group(part).toUpperCase()}`;
    });
    return written.join('.');
  });

test('no private IPv4 address passes, in any spelling that a URL allows', () => {
  fc.assert(
    fc.property(spelling, fc.boolean(), (text, isDotted) => {
      const { hostname } = new URL(`http://${text}${isDotted ? '.' : ''}/`);
      assert.equal(guard.isAllowed(hostname), false, `${text} is ${hostname}`);
    }),
    { numRuns: 1000 },
  );
});

test('no private IPv4 address passes inside an IPv6 address', () => {
  const wrapped = fc
    .tuple(privateNumber, word)
    .map(([number, any]) => [
      `::ffff:${groups(number)}`,
      `::ffff:${octets(number).join('.')}`,
      `::ffff:0:${groups(number)}`,
      `64:ff9b::${groups(number)}`,
      `2002:${groups(number)}::${groups(any)}`,
      `2001:0:${groups(number)}::${groups(any)}`,
      `2001:0:808:808:0:0:${groups(~number >>> 0)}`,
      `2606:4700::5efe:${groups(number)}`,
      `::${groups(number)}`,
    ]);
  fc.assert(
    fc.property(wrapped, (addresses) => {
      for (const address of addresses) {
        assert.equal(guard.isAllowed(address), false, address);
        assert.equal(guard.isAllowed(new URL(`http://[${address}]/`).hostname), false, address);
      }
    }),
    { numRuns: 500 },
  );
});

test('only global unicast IPv6 passes', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 4, maxLength: 4 }), (words) => {
      const address = words.map(groups).join(':');
      fc.pre((words[0] ?? 0) >>> 29 !== 1);
      // The two prefixes of translators hold an IPv4 address, which may be public.
      fc.pre(words[0] !== 0x0064ff9b && words[0] !== 0);
      assert.equal(guard.isAllowed(address), false, address);
    }),
  );
});

test('a name with any address that is not public is refused, whatever else it has', async () => {
  const answers = fc.tuple(
    fc.array(fc.constantFrom('8.8.8.8', '2606:4700:4700::1111'), { maxLength: 4 }),
    privateNumber,
  );
  await fc.assert(
    fc.asyncProperty(answers, fc.nat(), async ([open, number], place) => {
      const all: string[] = [...open];
      all.splice(place % (open.length + 1), 0, octets(number).join('.'));
      assert.equal((await lookup(resolving(...all))).code, 'ERR_ADDRESS_BLOCKED', all.join());
    }),
  );
});
