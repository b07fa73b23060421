import { type Command, Option } from 'commander';
import type { ListedBody } from '../api/schemas/article.ts';
import { systemClock } from '../clock.ts';
import { CodedError } from '../errors.ts';
import { addFilterOptions, type FilterOptions, wishOf } from './article-options.ts';
import type { WithArticles } from './article-reader.ts';
import { asTable, type Terminal } from './terminal.ts';

interface Options extends FilterOptions {
  readonly sort: 'newest' | 'relevance';
  readonly limit: string;
  readonly json?: true;
}

export function addArticlesSearch(articles: Command, terminal: Terminal, withArticles: WithArticles): void {
  addFilterOptions(articles.command('search [words...]'))
    .description('find articles: words that all occur, "a phrase", -without (after --), this OR that, begin*')
    .addOption(new Option('--sort <order>', 'which come first').choices(['newest', 'relevance']).default('newest'))
    .option('--limit <n>', 'articles', '20')
    .option('--json', 'print a JSON object a line')
    .action(async (words: string[], options: Options) => {
      const limit = countOf(options.limit);
      const wish = { ...wishOf(words, options, systemClock()), sort: options.sort };
      const found: ListedBody[] = [];
      await withArticles(terminal.settings(), async (reader) => {
        for await (const article of firstOf(reader.list(wish, limit), limit)) {
          if (options.json) terminal.print(JSON.stringify(article));
          else found.push(article);
        }
      });
      if (options.json) return;
      terminal.print(found.length === 0 ? 'Nothing found.' : asTable(found.map(asRow)));
    });
}

async function* firstOf(pages: AsyncIterable<readonly ListedBody[]>, count: number): AsyncGenerator<ListedBody> {
  let left = count;
  for await (const page of pages) {
    yield* page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}

function countOf(text: string): number {
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text);
  throw new CodedError('usage-invalid', '--limit must be a number from 1 to 999999.');
}

function asRow({ id, publishedAt, source, title }: ListedBody) {
  return { id, published: publishedAt.slice(0, 16).replace('T', ' '), source, title };
}
