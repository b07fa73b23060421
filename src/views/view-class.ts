/**
 * How a read was reported: kept with the counts, so that an attack can be taken out by class and period afterwards. It
 * says nothing of who read. A class is a channel, or `crowded-` and a channel.
 */
const CHANNELS = ['beacon', 'pixel', 'redirect', 'ingest', 'import'] as const;

/** `beacon`: posted by a page · `ingest`: by a server with the token · `import`: read from access logs. */
export type Channel = (typeof CHANNELS)[number];

/** `crowded`: its network had read the same article a good deal in that half-hour already (network.ts). */
export type ViewClass = Channel | `crowded-${Channel}`;

/** Not written out in Redis' delta, where nearly all reads are of it. */
export const DEFAULT_CLASS = 'beacon' satisfies ViewClass;

/** What a revocation may name: a channel, crowded or not; all crowded reads; all that our own box led to. */
export const REVOCABLE = [...CHANNELS, 'crowded', 'box'] as const;
export type RevocableClass = (typeof REVOCABLE)[number];
