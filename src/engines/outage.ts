/**
 * What Redis begins an error with where not the command is to blame but the state it is in, which passes or which its
 * operator ends: it loads, is full, may not write, is no master (any more), lacks replicas, or takes neither this password
 * nor, by its rules, this command. Redis before 7 puts what a script met behind words of its own.
 */
const REFUSAL =
  /^(?:ERR Error running script .*?-)?(?:LOADING|BUSY|MISCONF|OOM|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|UNBLOCKED|NOAUTH|WRONGPASS|NOPERM) /;

/**
 * By Node, where a connection fails; by PostgreSQL (SQLSTATE), where it shuts down or starts (57P0…), is out of disk, memory
 * or connections (53…), reads only, since it is a standby (25006), or cannot use its disk (58030).
 */
const CODES = /^(?:ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|08|53|57P0|25006|58030)/;

/** Of ioredis, for a command whose connection broke, or that found no node of a cluster. */
const NAMES: ReadonlySet<string> = new Set(['MaxRetriesPerRequestError', 'ClusterAllFailedError']);

/** What ioredis and pg say, without a code, where there is no connection or no answer; a test has them say most. */
const WORDS = [
  ...['Connection is closed', 'Command aborted', 'Command timed out', 'Socket timeout', "Stream isn't writeable"],
  ...["Cluster isn't ready", 'Cluster is ', 'Too many Cluster redirections', 'Node is disconnected'],
  ...['None of startup nodes', 'Connection terminated', 'timeout exceeded when trying to connect', 'timeout expired'],
  ...['Query read timeout', 'Client has encountered a connection error', 'Client was closed'],
  ...['Cannot use a pool after calling end'],
];

/**
 * Whether PostgreSQL or Redis is away, or in a state in which it does not do what anybody asks: what failed may be tried
 * again. All other failures are mistakes, of ours or in what is stored.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { message, name } = error;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && CODES.test(code)) return true;
  return NAMES.has(name) || REFUSAL.test(message) || WORDS.some((words) => message.startsWith(words));
}
