import etag from '@fastify/etag';
import { Eta } from 'eta';
import { type FastifyInstance, fastify } from 'fastify';
import type { Clock } from '../clock.ts';
import { feedDocument } from './feed-document.ts';
import { drawPicture } from './picture.ts';
import { DESKS, PAPER, pick, type Random, rivalStory, type Story, updateStory, writeStory } from './story.ts';

/**
 * A newsroom that does not exist: an origin on this machine with a feed for each desk, a page and a picture for each
 * story. It publishes a story every few seconds, updates some, and carries some in two categories.
 */
export interface Newsroom {
  readonly url: string;
  /** OPML of its feeds, each in the category of its desk. */
  readonly opml: string;
  close(): Promise<void>;
}

export interface NewsroomOptions {
  /** Port to listen on; another one where it is taken. */
  readonly port: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly publishEveryMs: number;
}

/** Stories that exist when it opens, over the hours before. */
const BACKLOG_PER_DESK = 8;
const BACKLOG_HOURS = 10;
/** As with real feeds, older stories leave the feed but stay on their pages. */
const FEED_LENGTH = 25;
const ARCHIVE_LENGTH = 3000;
const UPDATE_SHARE = 0.2;
/** Of the stories of a desk with a rival, so many are written by that one too. */
const RIVAL_SHARE = 0.4;

const eta = new Eta();

const STORY_PAGE = `<!doctype html><html lang="<%= it.story.desk.language %>"><meta charset="utf-8"><title><%= it.story.title %></title>
<meta name="viewport" content="width=device-width"><h1><%= it.story.title %></h1><p><%= it.story.paper %>, <%= it.story.author %></p>
<% for (const paragraph of it.story.paragraphs) { %><p><%= paragraph %></p><% } %>`;

const OPML = `<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Sample News</title></head><body>
<% for (const desk of it.desks) { %><outline text="<%= desk.name %>"><outline type="rss" text="Sample News: <%= desk.name %>" xmlUrl="<%= it.url %>/<%= desk.path %>/feed"/><% if (desk.rival) { %><outline type="rss" text="<%= desk.rival %>: <%= desk.name %>" xmlUrl="<%= it.url %>/<%= desk.path %>/rival/feed"/><% } %></outline>
<% } %></body></opml>`;

export async function openNewsroom(options: NewsroomOptions): Promise<Newsroom> {
  const { clock, random } = options;
  const stories = backlog(clock(), random);
  const server = fastify();
  await server.register(etag);
  const url = await listenOn(serve(server, stories), options.port);
  const timer = setInterval(() => publish(stories, clock(), random), options.publishEveryMs);
  return {
    url,
    opml: eta.renderString(OPML, { url, desks: DESKS }),
    async close() {
      clearInterval(timer);
      await server.close();
    },
  };
}

function backlog(now: Date, random: Random): Map<string, Story> {
  const drafts = DESKS.flatMap((desk) =>
    Array.from({ length: BACKLOG_PER_DESK }, () => ({ desk, age: random() ** 2 * BACKLOG_HOURS * 3_600_000 })),
  );
  drafts.sort((one, other) => other.age - one.age);
  const stories = new Map<string, Story>();
  for (const { desk, age } of drafts) addStory(stories, desk, new Date(now.getTime() - age), random);
  return stories;
}

function publish(stories: Map<string, Story>, now: Date, random: Random): void {
  const recent = [...stories.values()].slice(-2 * FEED_LENGTH);
  if (random() < UPDATE_SHARE && recent.length > 0) {
    const story = pick(recent, random);
    stories.set(story.id, updateStory(story, now));
    return;
  }
  addStory(stories, pick(DESKS, random), now, random);
  const oldest = stories.keys().next().value;
  if (stories.size > ARCHIVE_LENGTH && oldest !== undefined) stories.delete(oldest);
}

function addStory(stories: Map<string, Story>, desk: Story['desk'], at: Date, random: Random): void {
  const id = `${at.getTime().toString(36)}${Math.floor(random() * 46_656).toString(36)}`;
  const story = writeStory(desk, id, at, random);
  stories.set(id, story);
  if (desk.rival !== undefined && random() < RIVAL_SHARE) {
    stories.set(`${id}r`, rivalStory(story, desk.rival, `${id}r`, new Date(at.getTime() + 1000)));
  }
}

function serve(server: FastifyInstance, stories: ReadonlyMap<string, Story>): FastifyInstance {
  const origin = () => server.listeningOrigin;
  for (const desk of DESKS) {
    const carry = (path: string, paper: string) =>
      server.get(path, async (_, reply) => {
        const carried = [...stories.values()]
          .filter((story) => story.paper === paper && story.desks.includes(desk.name))
          .slice(-FEED_LENGTH);
        const document = feedDocument(origin(), desk, carried.reverse(), paper);
        return reply.type(document.type).send(document.body);
      });
    carry(`/${desk.path}/feed`, PAPER);
    if (desk.rival !== undefined) carry(`/${desk.path}/rival/feed`, desk.rival);
    // Of stories that nobody remembers too: what a restarted demo finds in its database keeps its pictures.
    server.get<{ Params: { id: string } }>(`/${desk.path}/pictures/:id.svg`, async ({ params }, reply) =>
      reply.type('image/svg+xml').send(drawPicture(params.id, desk.hue, desk.scenes)),
    );
    server.get<{ Params: { id: string } }>(`/${desk.path}/:id`, async ({ params }, reply) => {
      const story = stories.get(params.id);
      if (story === undefined) return reply.callNotFound();
      return reply.type('text/html; charset=utf-8').send(eta.renderString(STORY_PAGE, { story }));
    });
  }
  return server;
}

/** The port stays the same from run to run where possible, so that a restarted demo goes on with the feeds it knows. */
async function listenOn(server: FastifyInstance, port: number): Promise<string> {
  try {
    return await server.listen({ host: '127.0.0.1', port });
  } catch {
    return server.listen({ host: '127.0.0.1', port: 0 });
  }
}
