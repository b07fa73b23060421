import { once } from 'node:events';
import { createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Settings } from '../../config/settings.ts';
import { CodedError } from '../errors.ts';

type Place = Pick<Settings, 'HOST' | 'PORT'>;

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there. Stop it, or set PORT to another one (0 takes a free one).',
  EACCES: 'that is not allowed. Set PORT to one above 1023.',
  EADDRNOTAVAIL: 'this machine has no such address. Set HOST to one that it has, or to 0.0.0.0 for all.',
  ENOTFOUND: 'there is no such host. Set HOST to an address of this machine.',
};

/**
 * Throws CodedError `port-taken` where nothing can listen: asked before anything else is opened, so that a second
 * newsrank ends at once and leaves no trace. What takes the port between this and listen() is found there.
 */
export async function checkPort({ HOST, PORT }: Place): Promise<void> {
  const probe = createServer();
  try {
    await once(probe.listen(PORT, HOST), 'listening');
  } catch (error) {
    throw portError({ HOST, PORT }, error);
  }
  probe.close();
  await once(probe, 'close');
}

/** What a failure to listen means, and what to do about it; the failure itself where nobody knows. */
function portError({ HOST, PORT }: Place, cause: unknown): unknown {
  const advice = ADVICE[(cause as NodeJS.ErrnoException).code ?? ''];
  if (advice === undefined) return cause;
  return new CodedError('port-taken', `Cannot listen on ${HOST}, port ${PORT}: ${advice}`, { cause });
}

/** Listens where the settings say; resolves with the URL that answers. CodedError `port-taken` where it cannot. */
export async function listen(app: FastifyInstance, { HOST, PORT }: Pick<Settings, 'HOST' | 'PORT'>): Promise<string> {
  try {
    return await app.listen({ host: HOST, port: PORT });
  } catch (error) {
    throw portError({ HOST, PORT }, error);
  }
}
