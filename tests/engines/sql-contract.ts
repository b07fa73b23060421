import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type Sql, UNASKED } from '../../src/engines/sql.ts';

/** What every engine must do alike; run over each of them. */
export function sqlContract(engine: string, open: () => Promise<{ sql: Sql; close(): Promise<void> }>): void {
  describe(engine, () => {
    let sql: Sql;
    let close: () => Promise<void>;

    before(async () => {
      ({ sql, close } = await open());
      await sql.script(`
        create table things (
          id bigint primary key, name text, at timestamptz, body jsonb, bytes bytea, tags text[], score double precision
        );
        create table counters (name text primary key, value bigint not null)`);
    });
    after(() => close());

    const one = async (text: string, parameters: readonly unknown[] = []): Promise<unknown> => {
      const { rows } = await sql.query<{ value: unknown }>(`select ${text} as value`, parameters);
      return rows[0]?.value;
    };
    const names = async (from: Sql = sql): Promise<string[]> => {
      const { rows } = await from.query<{ name: string }>('select name from counters order by name');
      return rows.map(({ name }) => name);
    };
    const insert = (to: Sql, name: string) => to.query('insert into counters values ($1, 1)', [name]);

    describe('values', () => {
      const cases: readonly (readonly [text: string, value: unknown])[] = [
        ["'9007199254740991'::bigint", 9007199254740991],
        ['(select count(*) from pg_class where false)', 0],
        ['sum(2::bigint)', 2],
        ['avg(1.5::numeric)', 1.5],
        ['7::smallint', 7],
        ['0.1::float8', 0.1],
        ["'2026-11-23 14:05:06.789+09'::timestamptz", new Date('2026-11-23T05:05:06.789Z')],
        ["'2026-11-23 05:05:06+00'::timestamptz", new Date('2026-11-23T05:05:06Z')],
        ["'1969-12-31 23:59:59.123456+00'::timestamptz", new Date('1969-12-31T23:59:59.123Z')],
        ["'2026-11-23 05:05:06'::timestamp", new Date('2026-11-23T05:05:06Z')],
        ["'2026-11-23'::date", '2026-11-23'],
        ["date_trunc('day', '2026-11-23 23:30:00+00'::timestamptz)", new Date('2026-11-23T00:00:00Z')],
        [`'{"a":[1,null,"é"]}'::jsonb`, { a: [1, null, 'é'] }],
        [`'"text"'::json`, 'text'],
        ["'\\x00ff10'::bytea", new Uint8Array([0, 255, 16])],
        ["''::bytea", new Uint8Array()],
        ['true', true],
        ['null::bigint', null],
        [
          "array['a','', null, 'NULL', 'b\"c', 'd\\e', '{f,g}', ' h ']",
          ['a', '', null, 'NULL', 'b"c', 'd\\e', '{f,g}', ' h '],
        ],
        ["'{}'::text[]", []],
        [
          'array[array[1,2],array[3,4]]::bigint[]',
          [
            [1, 2],
            [3, 4],
          ],
        ],
        ["array['2026-11-23 05:05:06+00'::timestamptz, null]", [new Date('2026-11-23T05:05:06Z'), null]],
        ["array['\\x01'::bytea]", [new Uint8Array([1])]],
        ["'a b'::varchar(9)", 'a b'],
        ["'123e4567-e89b-12d3-a456-426614174000'::uuid", '123e4567-e89b-12d3-a456-426614174000'],
      ];
      for (const [text, value] of cases) {
        test(`${text} comes out as ${JSON.stringify(value)}`, async () => {
          assert.deepEqual(await one(text), value);
        });
      }

      test('go in and come back alike', async () => {
        const at = new Date('2026-11-23T05:05:06.789Z');
        const values = [1, 'a\u3042\'"\\', at, '{"b":1}', new Uint8Array([1, 2, 0]), ['x', 'y,z'], 1.25];
        await sql.query('insert into things values ($1, $2, $3, $4, $5, $6, $7)', values);
        const { rows } = await sql.query('select * from things where at = $1 and id = $2', [at, 1]);
        const [id, name, , , bytes, tags, score] = values;
        assert.deepEqual(rows, [{ id, name, at, body: { b: 1 }, bytes, tags, score }]);
      });

      test('a number or a boolean may go into a text column', async () => {
        assert.equal(await one('$1::text', [5]), '5');
        assert.equal(await one('$1::text', [false]), 'false');
        assert.equal(await one('$1::boolean', [false]), false);
      });

      test('undefined and null both become null', async () => {
        assert.deepEqual(await one('array[$1::text, $2::text]', [undefined, null]), [null, null]);
      });

      test('dates do not depend on the zone of this process', async () => {
        const environment: { TZ?: string } = process.env;
        const { TZ: zone } = environment;
        environment.TZ = 'America/New_York';
        try {
          const at = new Date('2026-07-01T12:00:00Z');
          assert.equal(await one('extract(epoch from $1::timestamptz)::bigint', [at]), at.getTime() / 1000);
          assert.deepEqual(await one('$1::timestamptz', [at]), at);
        } finally {
          if (zone === undefined) delete environment.TZ;
          else environment.TZ = zone;
        }
      });

      test('unnest of several arrays, with nulls, dates and bytes, gives a row each', async () => {
        const at = new Date('2026-11-23T05:05:06Z');
        const { rows, count } = await sql.query(
          `select * from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::bytea[], $5::boolean[], $6::jsonb[])
            as t (id, name, at, bytes, flag, body)`,
          [
            [1, 2],
            ['a"\\', null],
            [at, null],
            [new Uint8Array([0, 255]), null],
            [true, null],
            ['{"a":"\\""}', null],
          ],
        );
        assert.equal(count, 2);
        assert.deepEqual(rows, [
          { id: 1, name: 'a"\\', at, bytes: new Uint8Array([0, 255]), flag: true, body: { a: '"' } },
          { id: 2, name: null, at: null, bytes: null, flag: null, body: null },
        ]);
      });

      test('any text and any list of texts come back as they went', async () => {
        const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', ''));
        const list = fc.array(fc.option(text), { maxLength: 5 });
        await fc.assert(
          fc.asyncProperty(text, list, async (value, values) => {
            assert.equal(await one('$1::text', [value]), value);
            assert.deepEqual(await one('$1::text[]', [values]), values);
          }),
          { numRuns: 50 },
        );
      });
    });

    describe('statements', () => {
      test('count says how many rows were written or read', async () => {
        await insert(sql, 'count-a');
        await insert(sql, 'count-b');
        assert.equal((await sql.query("update counters set value = 2 where name like 'count-%'")).count, 2);
        assert.equal((await sql.query("delete from counters where name like 'count-%'")).count, 2);
        assert.equal((await sql.query('select generate_series(1, 3)')).count, 3);
        assert.equal((await sql.query("delete from counters where name = 'nobody'")).count, 0);
      });

      test('on conflict tells the inserted from those that were there', async () => {
        const add = `insert into counters select unnest($1::text[]), 1 on conflict (name) do update set value = counters.value + 1
          returning name, value`;
        assert.equal((await sql.query(add, [['up-a']])).count, 1);
        const { rows } = await sql.query(add, [['up-a', 'up-b']]);
        assert.deepEqual(rows, [
          { name: 'up-a', value: 2 },
          { name: 'up-b', value: 1 },
        ]);
        const skip = "insert into counters values ('up-a', 9) on conflict (name) do nothing returning name";
        assert.deepEqual(await sql.query(skip), { rows: [], count: 0 });
        await sql.query("delete from counters where name like 'up-%'");
      });

      test('a query is one statement, a script may be several', async () => {
        await assert.rejects(sql.query('select 1; select 2'), { code: '42601' });
        await sql.script("insert into counters values ('s1', 1); delete from counters where name = 's1'");
      });

      test('an error carries its SQLSTATE and leaves the engine usable', async () => {
        await insert(sql, 'twice');
        await assert.rejects(insert(sql, 'twice'), { code: '23505' });
        await assert.rejects(sql.query('select nothing from nowhere'), { code: '42P01' });
        await assert.rejects(sql.query('select $1::bigint', ['x']), { code: '22P02' });
        await sql.query("delete from counters where name = 'twice'");
      });
    });

    describe('transactions', () => {
      test('commit what was done, and give the result', async () => {
        assert.equal(await sql.transaction(async (tx) => (await insert(tx, 'kept')).count), 1);
        assert.deepEqual(await names(), ['kept']);
      });

      test('roll back when the work throws, and pass its error on', async () => {
        const error = new Error('no');
        const work = sql.transaction(async (tx) => {
          await insert(tx, 'lost');
          throw error;
        });
        await assert.rejects(work, error);
        assert.deepEqual(await names(), ['kept']);
      });

      test('do not seem to succeed when a statement in them failed', async () => {
        const work = sql.transaction(async (tx) => {
          await insert(tx, 'lost');
          await insert(tx, 'kept').catch(() => {});
        });
        await assert.rejects(work, /rolled back/);
        assert.deepEqual(await names(), ['kept']);
      });

      test('nest: an inner one that fails takes nothing of the outer one along', async () => {
        await sql.transaction(async (tx) => {
          await insert(tx, 'outer');
          await assert.rejects(
            tx.transaction((inner) => insert(inner, 'kept')),
            { code: '23505' },
          );
          await tx.transaction(async (inner) => {
            await insert(inner, 'inner');
            await assert.rejects(
              inner.transaction(async (third) => {
                await insert(third, 'third');
                throw new Error('no');
              }),
            );
          });
        });
        assert.deepEqual(await names(), ['inner', 'kept', 'outer']);
      });

      test('begin with their opening, which is part of them', async () => {
        const isSet = "select current_setting('newsrank.opened', true) = 'yes' as is_set";
        const opening = [
          "select set_config('newsrank.opened', 'yes', true)",
          "insert into counters values ('opened', 1)",
        ];
        const undone = sql.transaction(async (tx) => {
          assert.deepEqual((await tx.query(isSet)).rows, [{ is_set: true }]);
          await assert.rejects(
            tx.transaction(async () => {}, opening),
            { code: '23505' },
          );
          assert.deepEqual(await names(tx), ['inner', 'kept', 'opened', 'outer']);
          throw new Error('no');
        }, opening);
        await assert.rejects(undone, /^Error: no$/);
        await assert.rejects(
          sql.transaction(async () => {}, ['select nothing from nowhere']),
          { code: '42P01' },
        );
        await assert.rejects(
          sql.transaction((tx) => insert(tx, 'never'), ['select nothing from nowhere']),
          { code: '42P01' },
        );
        assert.deepEqual(await names(), ['inner', 'kept', 'outer']);
        assert.deepEqual((await sql.query(isSet)).rows[0]?.['is_set'] === true, false);
      });

      test('keep the statements of others out', async () => {
        const door = new EventEmitter();
        const entered = once(door, 'entered');
        const failing = sql.transaction(async (tx) => {
          await insert(tx, 'mine');
          const leave = once(door, 'leave');
          door.emit('entered');
          await leave;
          await insert(tx, 'mine too');
          throw new Error('no');
        });
        await entered;
        const others = ['other-1', 'other-2', 'other-3'].map((name) => insert(sql, name));
        door.emit('leave');
        await assert.rejects(failing, /^Error: no$/);
        await Promise.all(others);
        assert.deepEqual(await names(), ['inner', 'kept', 'other-1', 'other-2', 'other-3', 'outer']);
      });

      test('take statements that are sent at once in their order', async () => {
        const { rows } = await sql.transaction(async (tx) => {
          await Promise.all([insert(tx, 'p1'), tx.query("update counters set value = 5 where name = 'p1'")]);
          return await tx.query("select value from counters where name = 'p1'");
        });
        assert.deepEqual(rows, [{ value: 5 }]);
      });

      test('fail with a statement whose answer nobody waited for, and for its reason', async () => {
        const twice = async (tx: Sql) => {
          await tx.query("insert into counters values ('p1', 6)", [], UNASKED);
        };
        await assert.rejects(sql.transaction(twice), { code: '23505' });
        const working = sql.transaction(async (tx) => {
          await twice(tx);
          await insert(tx, 'lost');
        });
        await assert.rejects(working, { code: '23505' });
        await sql.transaction(async (tx) => {
          await tx.query("insert into counters values ('unasked', 1)", [], UNASKED);
          await assert.rejects(tx.transaction(twice), { code: '23505' });
          assert.deepEqual((await tx.query("select value from counters where name = 'unasked'")).rows, [{ value: 1 }]);
          await tx.transaction((inner) => inner.query("delete from counters where name = 'unasked'", [], UNASKED));
        });
        assert.equal((await names()).includes('unasked'), false);
      });

      test('that fail leave nothing of what was called just before', async () => {
        const work = sql.transaction(async (tx) => {
          void insert(tx, 'called').catch(() => {});
          throw new Error('no');
        });
        await assert.rejects(work, /^Error: no$/);
        assert.equal((await names()).includes('called'), false);
      });

      test('of many callers at once are all done', async () => {
        await sql.query("insert into counters values ('many', 0)");
        const add = () =>
          sql.transaction(async (tx) => {
            await tx.query("update counters set value = value + 1 where name = 'many'");
          });
        await Promise.all(Array.from({ length: 25 }, add));
        assert.equal(await one("(select value from counters where name = 'many')"), 25);
      });
    });
  });
}
