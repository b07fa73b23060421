/** Is called once, with the result or with what it failed with. It must not throw. */
export type Done<Result> = (result: Result | undefined, failure?: unknown) => void;

/** What `begin` hands to its `done`, as a promise. */
export function promised<Result>(begin: (done: Done<Result>) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    begin((result, failure) => {
      if (result === undefined) reject(failure);
      else resolve(result);
    });
  });
}
