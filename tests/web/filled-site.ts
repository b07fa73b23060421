import type { Redis } from 'ioredis';
import type { Sql } from '../../src/engines/sql.ts';
import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import { WINDOWS } from '../../src/views/keys.ts';
import { publish, type Story, seed, snapshotOf } from './newsroom.ts';

const HOSTILE = '<script>alert(1)</script> & "quotes" \' <img src=x onerror=alert(1)>';
const SOURCE = 'The Japan News';
const POLITICS = 'politics' as CategorySlug;
/** In the order of the site. */
export const SECTIONS = ['Politics', 'Business', 'World', 'Sports', 'Science', 'Culture', '社会', '文化'];

const updated: Story = {
  title: 'Japan to Offer U.S. Proposals (UPDATE 2)',
  before: ['Japan to Offer Proposals', 'Japan to Offer U.S. Proposals'],
  summary: 'The government will present a package of proposals to Washington before the end of the year.',
  content: '<h1>What is known</h1><p>The <strong>package</strong> includes shipbuilding.</p>',
  categories: ['Politics', 'Business'],
  language: 'en',
  author: 'Makoto Hattori',
  image: 'https://pictures.example/a.jpg?w=1&h=2',
  minutesAgo: 0,
};
const hostile: Story = {
  title: HOSTILE,
  summary: HOSTILE,
  author: HOSTILE,
  categories: ['Politics'],
  language: '"><script>',
  image: 'javascript:alert(1)',
  minutesAgo: 5,
};
const japanese: Story = { title: '首都高で多重事故', summary: '渋滞10キロ', categories: ['社会'], minutesAgo: 10 };
/** With what does not fit a narrow page. */
const homeless: Story = {
  title: 'An article without a section',
  content: `<p>Text</p><table><tr>${'<td>a wide table</td>'.repeat(12)}</tr></table><pre>${'y'.repeat(300)}</pre>`,
  categories: [],
  minutesAgo: 15,
};
const more = Array.from(
  { length: 60 },
  (_, index): Story => ({
    title: `Assembly passes budget number ${index} after a long night of debate`,
    summary: 'A sentence that is as long as the summaries of feeds are, which is longer than one thinks. '.repeat(3),
    categories: [SECTIONS[index % SECTIONS.length] ?? ''],
    minutesAgo: 20 + index,
    image: `https://pictures.example/${index}.jpg`,
  }),
);

/**
 * A site with news and lists: the first four articles are one with two updates, a hostile one, a Japanese one and one
 * without a category; many plain ones follow. Answers the ids in that order.
 */
export async function fillSite(sql: Sql, redis: Redis): Promise<ArticleId[]> {
  const stories = [updated, hostile, japanese, homeless, ...more];
  const ids = await seed(sql, SOURCE, stories);
  const all = stories.map((story, index) => ({
    id: ids[index] ?? ('' as ArticleId),
    story,
    source: SOURCE,
  }));
  for (const window of WINDOWS) {
    const listed = window === '7d' ? all.slice(10, 18) : all.slice(0, 8);
    await publish(redis, snapshotOf({ kind: 'access', scope: 'site', window }, 'JN ACCESS RANKING', listed));
  }
  const popular = { kind: 'popular', window: null } as const;
  await publish(redis, snapshotOf({ ...popular, scope: 'site' }, 'JN POPULAR ARTICLE', all.slice(2, 9)));
  await publish(
    redis,
    snapshotOf({ ...popular, scope: POLITICS }, '"Politics" POPULAR ARTICLE', [
      ...all.slice(0, 2),
      ...all.filter(({ story }) => story.categories[0] === 'Politics').slice(2, 8),
    ]),
  );
  return ids;
}
