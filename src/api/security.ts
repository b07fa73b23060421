import type { FastifyCompressOptions } from '@fastify/compress';
import type { FastifyCorsOptions } from '@fastify/cors';
import type { FastifyHelmetOptions } from '@fastify/helmet';

/**
 * Nothing runs in our pages but our own files; pictures and media come from wherever an article's publisher keeps them.
 * No upgrade to https and no HSTS: whoever ends TLS in front of us sets those, and a plain http://host in an
 * intranet must go on working.
 */
export const HELMET: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      imgSrc: ["'self'", 'http:', 'https:', 'data:'],
      mediaSrc: ["'self'", 'http:', 'https:'],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'self'"],
    },
  },
  strictTransportSecurity: false,
  // Public answers, the box and its script are meant for other sites.
  crossOriginResourcePolicy: { policy: 'cross-origin' },
  // Publishers may see which site sent them a reader, not which page.
  referrerPolicy: { policy: 'strict-origin-when-cross-origin' },
  // Both only bring warnings to the console where a page is served over plain http.
  originAgentCluster: false,
  crossOriginOpenerPolicy: false,
};

/** What the plugins below say of public answers, for those that go past them. */
export const PUBLIC_HEADERS = {
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
} as const;

/** Any page may read what is public. Nothing here takes cookies, so nothing can be read in a visitor's name. */
export const CORS: FastifyCorsOptions = {
  origin: '*',
  methods: ['GET', 'HEAD'],
  allowedHeaders: ['If-None-Match'],
  exposedHeaders: ['ETag', 'Retry-After'],
  maxAge: 86_400,
  strictPreflight: false,
};

/** Smaller answers fit one packet as they are; requests are never decompressed, so that none can be a bomb. */
export const COMPRESS: FastifyCompressOptions = {
  threshold: 1024,
  encodings: ['br', 'gzip'],
  globalDecompression: false,
};
