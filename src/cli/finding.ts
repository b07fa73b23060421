import { messageOf } from '../errors.ts';

/** One thing looked at: what was found, or what is wrong and what to do about it. */
export interface Finding {
  readonly check: string;
  readonly isGood: boolean;
  readonly detail: string;
}

export async function look(check: string, find: () => Promise<string>): Promise<Finding> {
  try {
    return { check, isGood: true, detail: await find() };
  } catch (error) {
    return { check, isGood: false, detail: messageOf(error) };
  }
}
