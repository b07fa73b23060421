import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { sendProblem } from '../api/problem.ts';
import { CodedError } from '../errors.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const { resolve } = createRequire(import.meta.url);

/** The plotting library of the ops page. */
const PLOTTING: Readonly<Record<string, string>> = {
  'uplot.js': resolve('uplot/dist/uPlot.iife.min.js'),
  'uplot.css': resolve('uplot/dist/uPlot.min.css'),
};

/** The URL of each asset by its file name; the URL changes with the content, so that it may be cached for ever. */
export type AssetUrls = (name: string) => string;

/** Serves src/web/assets under /assets/<name>.<hash>.<extension>. */
export function registerAssets(app: FastifyInstance): AssetUrls {
  const folder = new URL('./assets/', import.meta.url);
  const own = readdirSync(folder).filter((name) => extname(name) in TYPES);
  const files = [...own.map((name) => [name, new URL(name, folder)] as const), ...Object.entries(PLOTTING)].map(
    ([name, path]) => {
      const body = readFileSync(path);
      const extension = extname(name);
      const hash = createHash('sha256').update(body).digest('hex').slice(0, 10);
      return {
        name,
        body,
        type: TYPES[extension] ?? '',
        hashed: `${name.slice(0, -extension.length)}.${hash}${extension}`,
      };
    },
  );
  const byHash = new Map(files.map((file) => [file.hashed, file]));
  const urls = new Map(files.map((file) => [file.name, `/assets/${file.hashed}`]));

  app.get<{ Params: { file: string } }>('/assets/:file', async (request, reply) => {
    const file = byHash.get(request.params.file);
    if (file === undefined) return sendProblem(reply, new CodedError('route-unknown', 'Nothing answers at this path.'));
    return reply
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('x-content-type-options', 'nosniff')
      .type(file.type)
      .send(file.body);
  });

  return (name) => {
    const url = urls.get(name);
    if (url === undefined) throw new Error(`no asset ${name}`);
    return url;
  };
}
