import type { Fault } from './fault.ts';
import { allInTurn } from './faults/all-in-turn.ts';
import { burst } from './faults/burst.ts';
import { clockMoved } from './faults/clock-moved.ts';
import { countingKilled } from './faults/counting-killed.ts';
import { diskFull } from './faults/disk-full.ts';
import { everythingTwice } from './faults/everything-twice.ts';
import { hungStop } from './faults/hung-stop.ts';
import { masterKilled } from './faults/master-killed.ts';
import { memoryFull } from './faults/memory-full.ts';
import { pollerKilled } from './faults/poller-killed.ts';
import { postgresAway, postgresRestarted } from './faults/postgres-away.ts';
import { redisFlushed } from './faults/redis-flushed.ts';
import { redisKilled } from './faults/redis-killed.ts';
import { rollingRestart } from './faults/rolling-restart.ts';
import { scaledOut } from './faults/scaled-out.ts';
import { wiresCut } from './faults/wires-cut.ts';

/** Everything that is tried, in this order. */
export const FAULTS: readonly Fault[] = [
  pollerKilled,
  countingKilled,
  redisKilled,
  redisFlushed,
  masterKilled,
  postgresRestarted,
  postgresAway,
  everythingTwice,
  wiresCut,
  rollingRestart,
  hungStop,
  clockMoved,
  diskFull,
  memoryFull,
  burst,
  scaledOut,
  allInTurn,
];
