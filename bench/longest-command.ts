import type { Command, Redis } from 'ioredis';

/** Commands as a client sent them. */
export interface Recorder {
  /** Those sent since the last call. */
  take(): readonly Sent[];
}

interface Sent {
  readonly name: string;
  readonly args: readonly (string | Buffer)[];
}

export function recordCommands(redis: Redis): Recorder {
  let sent: Sent[] = [];
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command: Command, stream) => {
    sent.push({ name: command.name, args: command.args as Sent['args'] });
    return send(command, stream);
  };
  return {
    take() {
      const taken = sent;
      sent = [];
      return taken;
    },
  };
}

const RUNS = 5;

/**
 * How long the longest of the commands holds Redis, in ms: each is sent anew five times, alone, and its fastest answer
 * counts, the way there and back with it. The slow log goes by the clock: on a machine that has more to do, whatever was
 * under way when Redis lost its core is in it. Scripts that write are left out, as they would find nothing left to do.
 */
export async function measureLongest(redis: Redis, commands: readonly Sent[]): Promise<{ ms: number; name: string }> {
  let longest = { ms: 0, name: '' };
  for (const { name, args } of commands) {
    const isScript = name === 'evalsha';
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < RUNS && best > longest.ms; run++) {
      const from = performance.now();
      const answer = await redis.call(isScript ? 'evalsha_ro' : name, ...args).catch(() => undefined);
      best = answer === undefined ? 0 : Math.min(best, performance.now() - from);
    }
    if (best > longest.ms) longest = { ms: best, name: `${name} ${String(args[isScript ? 2 : 0])}` };
  }
  return longest;
}
