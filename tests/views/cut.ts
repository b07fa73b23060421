import type { Sql } from '../../src/engines/sql.ts';

/** The point at which a process dies: at its nth step, before the step takes effect or after. */
export interface Cut {
  readonly step: number;
  readonly when: 'before' | 'after';
}

export class CutOff extends Error {}

const STEPS = new Set(['evalsha', 'hscan', 'hget', 'hmget', 'query', 'transaction']);

/** Engines that die at `cut`: that step and all later ones fail. A step of either counts. */
export function cutEngines<Redis extends object>(redis: Redis, sql: Sql, cut: Cut): { redis: Redis; sql: Sql } {
  let steps = 0;
  const step = async (run: () => Promise<unknown>): Promise<unknown> => {
    const mine = steps++;
    if (mine > cut.step || (mine === cut.step && cut.when === 'before')) throw new CutOff();
    const result = await run();
    if (mine === cut.step) throw new CutOff();
    return result;
  };
  const wrap = <Engine extends object>(engine: Engine): Engine =>
    new Proxy(engine, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        if (name === 'transaction') {
          return (work: (tx: Sql) => Promise<unknown>) =>
            step(() => member.call(target, (tx: Sql) => work(wrap(tx))) as Promise<unknown>);
        }
        if (!STEPS.has(String(name))) return member.bind(target);
        return (...args: unknown[]) => step(() => member.apply(target, args) as Promise<unknown>);
      },
    });
  return { redis: wrap(redis), sql: wrap(sql) };
}
