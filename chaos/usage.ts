import { parseArgs } from 'node:util';

/** What is asked for on the command line. */
export interface Options {
  /** Names of faults, in the order of the table. */
  readonly only: readonly string[];
  readonly short: boolean;
  readonly keep: boolean;
  /** For how long a server stays away. */
  readonly downSeconds: number;
}

/** What is said in place of a run, and how that ends. */
export interface Told {
  readonly exitCode: 0 | 2;
  readonly text: string;
}

const DOWN_SECONDS = { short: 15, whole: 300 };

const usageOf = (faults: readonly string[]) => `npm run chaos -- [--only fault,…] [--short] [--down seconds] [--keep]

  --only   some of: ${faults.join(', ')}
  --short  a tenth as long
  --down   for how long a server stays away (${DOWN_SECONDS.whole}, with --short ${DOWN_SECONDS.short})
  --keep   leaves logs and data behind, also of what passed`;

/** The options, or what is wrong with them. */
export function readOptions(args: readonly string[], faults: readonly string[]): Options | Told {
  const wrong = (why: string): Told => ({ exitCode: 2, text: `${why}\n\n${usageOf(faults)}` });
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...{ only: { type: 'string' }, down: { type: 'string' } },
        ...{ short: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { exitCode: 0, text: usageOf(faults) };
    const wanted = values.only?.split(',').map((name) => name.trim());
    const unknown = wanted?.find((name) => !faults.includes(name));
    if (unknown !== undefined) return wrong(`There is no fault "${unknown}".`);
    const { short, keep } = values;
    const downSeconds = Number(values.down || Number.NaN);
    if (values.down !== undefined && !(downSeconds > 0)) return wrong('--down must be a number of seconds.');
    return {
      ...{ short, keep, only: faults.filter((name) => wanted?.includes(name) ?? true) },
      downSeconds: values.down === undefined ? DOWN_SECONDS[short ? 'short' : 'whole'] : downSeconds,
    };
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}
