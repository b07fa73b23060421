import type { Checks } from './audit/checks.ts';

/** Where and how long a fault is tried. */
export interface Trial {
  readonly folder: string;
  /** A tenth of the time, for each change; the whole takes most of an hour. */
  readonly isShort: boolean;
  /** Seconds for which a server stays away. */
  readonly downSeconds: number;
}

/** One thing that goes wrong, and what must hold all the same. */
export interface Fault {
  /** As `--only` names it. */
  readonly name: string;
  readonly about: string;
  /** What it needs and this machine does not have. */
  lacks?(): string | undefined;
  run(trial: Trial, checks: Checks): Promise<void>;
}
