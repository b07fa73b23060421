import { isIP } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { type AddressGuard, blockedAddress } from './address-guard.ts';

/** How long and how much: what a server may cost us at most. */
export interface FetchLimits {
  readonly connectMs: number;
  /** Until the first byte of the answer's head is complete. */
  readonly headersMs: number;
  /** Between two pieces of a body. */
  readonly idleMs: number;
  /** For everything together, all redirects included. */
  readonly totalMs: number;
  readonly redirects: number;
  readonly wireBytes: number;
  readonly decodedBytes: number;
  /** Decoded bytes for each byte on the wire, once a body is larger than `ratioFromBytes`. */
  readonly ratio: number;
  readonly ratioFromBytes: number;
}

const MIB = 1024 * 1024;

export const FETCH_LIMITS: FetchLimits = {
  connectMs: 5_000,
  headersMs: 10_000,
  idleMs: 10_000,
  totalMs: 30_000,
  redirects: 5,
  wireBytes: 10 * MIB,
  decodedBytes: 20 * MIB,
  ratio: 100,
  ratioFromBytes: MIB,
};

/** Parts of a fetch: `connect` holds the look-up and TLS, `total` all redirects and the body. */
export const FETCH_PHASES = ['dns', 'connect', 'first_byte', 'total'] as const;

/** Hears how long each part of a fetch took, in milliseconds. */
export type NotePhase = (phase: (typeof FETCH_PHASES)[number], ms: number) => void;

/** Connections to publishers, kept alive between requests, that reach no address but those the guard lets pass. */
export interface HttpClient {
  readonly agent: Dispatcher;
  readonly userAgent: string;
  readonly limits: FetchLimits;
  readonly notePhase: NotePhase;
  close(): Promise<void>;
}

interface ClientOptions {
  readonly guard: AddressGuard;
  readonly userAgent: string;
  readonly limits?: Partial<FetchLimits>;
  /** Makes the connection itself; for tests that must see whether one would have been made. */
  readonly connector?: buildConnector.connector;
  readonly notePhase?: NotePhase;
}

/** For each address of a name; Node's own 250 ms give up servers on the other side of the world. */
const ATTEMPT_MS = 1500;
const KEEP_ALIVE_MS = 10_000;
const MAX_HEADER_BYTES = 32 * 1024;

/** The one client of a process. `close` cuts what still runs. */
export function openHttpClient({
  guard,
  userAgent,
  limits,
  connector,
  notePhase = () => {},
}: ClientOptions): HttpClient {
  const all = { ...FETCH_LIMITS, ...limits };
  const direct = {
    timeout: all.connectMs,
    lookup: timed(guard.lookup, notePhase),
    autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
  };
  const agent = new Agent({
    connect: guarded(guard, connector ?? buildConnector(direct), notePhase),
    headersTimeout: all.headersMs,
    bodyTimeout: all.idleMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  return { agent, userAgent, limits: all, notePhase, close: () => agent.destroy() };
}

/** No look-up is made for a literal address, so that it is checked here, where every connection begins. */
function guarded(
  guard: AddressGuard,
  connect: buildConnector.connector,
  notePhase: NotePhase,
): buildConnector.connector {
  return (options, callback) => {
    const hostname = options.hostname.replace(/^\[|\]$/g, '');
    if (isIP(hostname) > 0 && !guard.isAllowed(hostname)) callback(blockedAddress(), null);
    else {
      const startedAt = performance.now();
      connect(options, (...answer) => {
        if (answer[0] === null) notePhase('connect', performance.now() - startedAt);
        callback(...answer);
      });
    }
  };
}

function timed(lookup: AddressGuard['lookup'], notePhase: NotePhase): AddressGuard['lookup'] {
  return (hostname, options, callback) => {
    const startedAt = performance.now();
    lookup(hostname, options, (...answer) => {
      notePhase('dns', performance.now() - startedAt);
      callback(...answer);
    });
  };
}
