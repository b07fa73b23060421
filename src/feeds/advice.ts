import type { FailureClass } from './feed.ts';

/** What a person can do about a feed that fails in this way. */
const ADVICE: Readonly<Record<FailureClass, string>> = {
  dns: 'Look whether the host name is still right (it may have expired or been renamed), and whether this machine can look up names at all. It is tried again by itself.',
  connect:
    'The server is down, or refuses this machine. Try the URL from elsewhere; if it works there, ask the publisher whether they block this address.',
  tls: "The server's certificate or TLS is broken. Only the publisher can mend it; a newer URL of the feed may work.",
  timeout:
    'The server is too slow or drops our packets. It is tried again by itself; if it never answers, look for another URL of the feed.',
  'http-4xx':
    'The server refuses this URL. Look for the feed on the site (check the site by its front page), or give the feed the basic auth, header or User-Agent that its server wants.',
  'http-5xx': 'The server has a problem of its own. It is tried again by itself; if it lasts, tell the publisher.',
  'too-large': 'The feed is larger than is taken in. Ask the publisher for a shorter one, or for one of a section.',
  'blocked-address':
    'The host is not at a public address, or its port or scheme is not allowed. Where that is meant (an intranet), allow its range in FETCH_ALLOW_CIDRS.',
  'redirect-loop': 'The redirects lead nowhere. Open the URL in a browser, and add the feed under the one it ends at.',
  'not-a-feed':
    'A web page, or something else, is where the feed was. Look for the feed on the site and add that URL; a consent or login page may want a header or basic auth.',
  parse:
    'The answer cannot be read. Try it with a feed validator and tell the publisher; if the validator finds nothing wrong, report a bug.',
};

const BY_STATUS: Readonly<Record<number, string>> = {
  401: 'Give the feed basic auth or a header: PATCH /v1/feeds/{id} with basicAuth or requestHeaders.',
  403: 'The server does not let this machine read the feed. Set a User-Agent with a contact URL (FETCH_USER_AGENT, or userAgent of the feed), poll less often, or ask the publisher.',
  404: 'There is no feed at this URL any more. Look for it on the site (its pages name it), add the new URL and remove this one.',
  410: 'The publisher says that the feed is gone for good. Remove it, or look on the site for what took its place.',
  429: 'The server asks to be left alone for a while, and is. If it happens often, lower HOST_REQUESTS_PER_MINUTE.',
  503: 'The server asks to be left alone for a while, and is.',
};

/** What to do about an outcome as it is stored (`failed:dns`, `gone`, `limited`); null where nothing is wrong. */
export function adviceFor(outcome: string | null, status: number | null): string | null {
  const failure = /^failed:(.+)$/.exec(outcome ?? '')?.[1];
  const isRefused = failure === 'http-4xx' || outcome === 'gone' || outcome === 'limited';
  const byStatus = isRefused && status !== null ? BY_STATUS[status] : undefined;
  if (byStatus !== undefined) return byStatus;
  return failure !== undefined && isFailureClass(failure) ? ADVICE[failure] : null;
}

function isFailureClass(name: string): name is FailureClass {
  return Object.hasOwn(ADVICE, name);
}
