import type { Checks } from './audit/checks.ts';
import type { Trial } from './fault.ts';
import { type Allowance, settle } from './settle.ts';
import { openWorld, VIEWS_PER_SECOND, type World, type WorldOptions } from './world.ts';

/** Opens a world under load, lets `strike` do its worst in it, and audits what is left. */
export async function withWorld(
  { folder }: Trial,
  checks: Checks,
  options: Omit<WorldOptions, 'folder'>,
  strike: (world: World) => Promise<Allowance | undefined>,
): Promise<void> {
  const world = await openWorld({ folder, ...options });
  try {
    world.readers.setPace(VIEWS_PER_SECOND);
    await settle(world, checks, await strike(world));
  } finally {
    await world.close();
  }
}
