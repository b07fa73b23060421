/** Lets no more than so many things run at once; the others wait in line. */
export interface Slots {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** The same, behind all who wait in the line or come to it meanwhile. */
  runLast<T>(work: () => Promise<T>): Promise<T>;
}

export function openSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  const waitingLast: (() => void)[] = [];
  const runIn = async <T>(line: (() => void)[], work: () => Promise<T>): Promise<T> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => line.push(resolve));
    try {
      return await work();
    } finally {
      // Handed on directly, so that nobody who comes meanwhile goes before those who wait.
      const next = waiting.shift() ?? waitingLast.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
  return { run: (work) => runIn(waiting, work), runLast: (work) => runIn(waitingLast, work) };
}
