import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseFeed, parseOpml } from 'feedsmith';
import { type Newsroom, openNewsroom } from '../../src/demo/newsroom.ts';
import { seeded } from '../../src/demo/seeded.ts';
import { DESKS, rivalStory, updateStory, writeStory } from '../../src/demo/story.ts';

const NOW = new Date('2026-11-23T03:00:00Z');
let newsroom: Newsroom;

before(async () => {
  newsroom = await openNewsroom({ port: 0, clock: () => NOW, random: seeded('news'), publishEveryMs: 3_600_000 });
});
after(() => newsroom.close());

test('each desk has a feed in its own format that a reader of feeds understands', async () => {
  const formats = new Set<string>();
  for (const desk of DESKS) {
    const response = await fetch(`${newsroom.url}/${desk.path}/feed`);
    const { format, feed } = parseFeed(await response.text());
    const entries = (format === 'atom' ? feed.entries : feed.items) ?? [];
    assert.equal(response.status, 200);
    assert.equal(format, desk.format);
    assert.ok(entries.length >= 8, desk.name);
    formats.add(format);
  }
  assert.deepEqual([...formats].sort(), ['atom', 'json', 'rdf', 'rss']);
});

test('a feed that did not change answers 304', async () => {
  const first = await fetch(`${newsroom.url}/politics/feed`);
  const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
  assert.equal((await fetch(`${newsroom.url}/politics/feed`, { headers })).status, 304);
});

test('its OPML has each desk as a category', () => {
  const folders = parseOpml(newsroom.opml).body?.outlines ?? [];
  assert.deepEqual(
    folders.map(({ text }) => text),
    DESKS.map(({ name }) => name),
  );
  assert.ok(folders.every(({ outlines }) => outlines?.[0]?.xmlUrl?.startsWith(newsroom.url)));
});

test('an update keeps the story and says which one it is', () => {
  const [desk] = DESKS;
  assert.ok(desk !== undefined);
  const story = writeStory(desk, 'a', NOW, seeded('one'));
  const second = updateStory(updateStory(story, NOW), NOW);
  assert.equal(second.id, story.id);
  assert.equal(second.title, `${story.title} (UPDATE 3)`);
});

test('another paper writes about some of the events, in its own words or in the same', async () => {
  const entriesOf = async (path: string) => {
    const { feed } = parseFeed(await (await fetch(`${newsroom.url}/${path}`)).text());
    return ((feed as { items?: { title?: string; description?: string }[] }).items ?? []).map(
      ({ title, description }) => ({ title, description }),
    );
  };
  const [own, rival] = await Promise.all([entriesOf('politics/feed'), entriesOf('politics/rival/feed')]);
  assert.ok(rival.length > 0);
  const copies = rival.filter(({ title }) => title?.endsWith(' - Harbor Times'));
  assert.ok(copies.length > 0);
  for (const copy of copies) assert.ok(own.some(({ description }) => description === copy.description));
  assert.ok(!own.some(({ title }) => rival.some((other) => other.title === title)));
});

test('what the other paper retells shares its names with the story', () => {
  const desk = DESKS.find(({ rival }) => rival !== undefined);
  const plot = desk?.stories.find(({ retold }) => retold !== undefined);
  assert.ok(desk?.rival && plot);
  const story = writeStory({ ...desk, stories: [plot] }, 'a', NOW, seeded('one'));
  const other = rivalStory(story, desk.rival, 'b', NOW);
  assert.deepEqual([other.paper, other.id], [desk.rival, 'b']);
  assert.equal(other.title, story.retold?.title);
  assert.notEqual(other.title, story.title);
});
