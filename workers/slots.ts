/** Lets no more than so many things run at once; the others wait in line. */
export interface Slots {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** The same, behind all who wait in the line or come to it meanwhile. */
  runLast<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Works on each item, in this order, as slots come free; settles when all that was begun has ended. Whoever waits takes
   * one place in the line, however many items: of what has not begun nothing is made yet. `work` must not fail.
   */
  runEach<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void>;
}

/** What waits in a line. Begins its next piece of work when asked, which frees the slot at its end; false: none is left. */
type Source = (release: () => void) => boolean;

export function openSlots(count: number): Slots {
  let free = count;
  const line: Source[] = [];
  const lastLine: Source[] = [];

  const beginNext = (): boolean => {
    for (;;) {
      const waiting = line.length > 0 ? line : lastLine;
      const [source] = waiting;
      if (source === undefined) return false;
      if (source(release)) return true;
      waiting.splice(waiting.indexOf(source), 1);
    }
  };
  const fill = (): void => {
    // Taken first, since what begins may itself ask for slots.
    while (free > 0) {
      free -= 1;
      if (beginNext()) continue;
      free += 1;
      return;
    }
  };
  const release = (): void => {
    free += 1;
    fill();
  };
  const runIn = <T>(waiting: Source[], work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      let isBegun = false;
      waiting.push((free) => {
        if (isBegun) return false;
        isBegun = true;
        const running = work();
        // Handed on before the work is known to have ended, so that nobody who comes then goes before those who wait.
        running.then(free, free);
        running.then(resolve, reject);
        return true;
      });
      fill();
    });

  return {
    run: (work) => runIn(line, work),
    runLast: (work) => runIn(lastLine, work),
    runEach: (items, work) =>
      new Promise((resolve) => {
        if (items.length === 0) resolve();
        let [begun, ended] = [0, 0];
        line.push((free) => {
          const index = begun;
          const item = items[index];
          if (item === undefined) return false;
          begun += 1;
          const end = (): void => {
            free();
            ended += 1;
            if (ended === items.length) resolve();
          };
          work(item, index).then(end, end);
          return true;
        });
        fill();
      }),
  };
}
