import type { Movement } from '../../ranking/list.ts';

const counted = (count: number, one: string, many: string) =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;

/** All that the pages say in English, and what every other language has to say (src/web/words/ja.ts). */
export const EN = {
  untitled: 'Untitled',
  skip: 'Skip to the content',
  searchArticles: 'Search the articles',
  search: 'Search',
  sections: 'Sections',
  section: 'Section',
  top: 'Top',
  ranking: 'Ranking',
  promise: 'What is read is counted without cookies, and without knowing who reads.',
  api: 'The API',
  pages: 'Pages',
  newest: 'Newest',
  older: 'Older articles',

  latest: 'Latest',
  frontAbout: (site: string) => `The latest articles and the most read ones on ${site}.`,
  categoryAbout: (name: string) => `The latest articles in ${name}, and what is read there.`,
  emptySection: 'No article in this section yet.',
  welcome: 'The presses are ready, the news is not in yet',
  welcomeAbout: 'No article has been stored so far. Articles appear here a few seconds after the first feed is polled.',
  addFeed: 'Add a feed',
  addMany: 'Or bring many',
  addManyFile: 'Put them into',
  addManyAbout: '(its folders become the sections) and start again, or import a file:',
  tryDemo: 'Or look at it with made-up news first',

  copyOf: 'This is a copy of',
  by: (author: string) => `By ${author}`,
  updated: 'Updated',
  picture: 'Picture:',
  readOriginal: 'Read the original',
  atHost: (host: string) => ` at ${host}`,
  updates: (count: number) => `Updates: ${count}`,
  until: 'until',
  changed: (parts: readonly string[]) => `(new ${parts.join(', ')})`,
  parts: { title: 'headline', summary: 'summary', content: 'text', image: 'picture', url: 'link' },
  foundIn: 'Found in',
  sameText: 'The same text',
  related: 'Related coverage',

  /** Null: as it was published. */
  listTitle: null as null | ((kind: 'access' | 'popular' | 'rising', site: string, category: string | null) => string),
  windows: { '1h': '1 hour', '24h': '24 hours', '7d': 'Week', '30d': 'Month' },
  now: 'Now',
  rising: 'Rising',
  period: 'Period',
  theList: 'The list',
  wholeList: 'The whole list',
  emptyList:
    'Nobody has read anything here yet. Open an article: its read is counted at once, and the list moves within seconds.',
  emptyBox: 'Nobody has read anything here yet.',
  reads: (count: number) => counted(count, 'read', 'reads'),
  bestRank: (rank: number) => `Best rank ${rank}`,
  listedSince: 'Listed since',
  fills: {
    site: 'from the whole site',
    '24h': 'of the last 24 hours',
    '7d': 'of the last week',
    '30d': 'of the last month',
  } as Readonly<Record<string, string>>,
  pinned: 'chosen by the editors',
  newSymbol: 'New',
  newArticle: 'A new article',
  rankingAbout: 'What is read most.',
  allOf: (site: string) => `All of ${site}`,
  show: 'Show',
  history: 'History',
  finished: 'Final',
  periods: { hour: 'Hour', day: 'Day', week: 'Week', month: 'Month' },
  dayIn: 'Day in it',
  before: 'Earlier',
  after: 'Later',
  current: 'Current list',
  noHistory: 'There is no list of this time. One is made five minutes after its end, where anything was read.',
  embedTitle: 'Put this list on your site',
  embedScript: 'With a script, which keeps it up to date:',
  embedFrame: 'Or as a frame, for pages without scripts:',

  timeOfList: 'The list as it stood at',

  wordsToFind: 'Words to look for',
  /** What to type, and what it does; the first speaks of words alone. */
  searchHelp: [
    ['', 'All words must occur in an article.'],
    ['"a phrase"', 'finds words side by side,'],
    ['-without', 'leaves articles out,'],
    ['this OR that', 'takes either,'],
    ['elect*', 'takes any ending.'],
  ] as readonly (readonly [string, string])[],
  filters: 'Filters',
  all: 'All',
  language: 'Language',
  from: 'From',
  to: 'To',
  order: 'Order',
  newestFirst: 'Newest first',
  bestFirst: 'Best match first',
  onlyFrom: 'Only from',
  withoutFilters: 'Without filters',
  nothingFound: (words: string) => (words === '' ? 'Nothing found.' : `Nothing found for “${words}”.`),
  tooFiltered: 'It may be that the filters leave too little.',
  tooSpecific: 'Fewer words, or the beginning of one with a star (elect*), may find more.',
  searchFor: (words: string) => `Search: ${words}`,
  bestMatches: 'Best matches',
  moreArticles: 'More articles',

  errors: {
    missing: {
      title: 'Page not found',
      text: 'There is no page at this address. It may have been an article that is no longer kept.',
    },
    limited: {
      title: 'Too many searches at once',
      text: 'So many came from your address that this one has to wait. Please try again in a few seconds.',
    },
    failed: {
      title: 'Something went wrong',
      text: 'The page could not be made just now. Nothing is lost; please try again in a moment.',
    },
  },
  toFront: 'To the front page',

  /** Says in words what the arrow shows, for those who cannot see it. */
  movement(movement: Movement, previousRank: number | null): string {
    switch (movement) {
      case 'up':
        return previousRank === null ? 'Moved up' : `Up from ${previousRank}`;
      case 'down':
        return previousRank === null ? 'Moved down' : `Down from ${previousRank}`;
      case 'same':
        return 'Unchanged';
      case 'new':
        return 'New in this list';
      default:
        return movement satisfies never;
    }
  },
};

export type Words = typeof EN;
