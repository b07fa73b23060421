import type { Command } from 'commander';
import type { ArticleDetailBody } from '../api/schemas/article.ts';
import type { WithArticles } from './article-reader.ts';
import type { Terminal } from './terminal.ts';

export function addArticlesShow(articles: Command, terminal: Terminal, withArticles: WithArticles): void {
  articles
    .command('show <id>')
    .description('print an article with its sources, copies, earlier words and text')
    .option('--json', 'print it as JSON')
    .action(async (id: string, options: { json?: true }) => {
      const article = await withArticles(terminal.settings(), (reader) => reader.find(id));
      terminal.print(options.json ? JSON.stringify(article) : await asText(article));
    });
}

async function asText(article: ArticleDetailBody): Promise<string> {
  const { textOfHtml } = await import('../feeds/parse/text-of-html.ts');
  const { original, sources, copies, revisions } = article;
  const updated = article.revision > 1 ? `, revision ${article.revision} of ${article.updatedAt}` : '';
  const lines = [
    article.title,
    `${article.id}, ${article.publishedAt}${updated}`,
    [article.source, article.author, article.language, article.categories.join(', ')].filter(Boolean).join(' · '),
    ...(article.url === null ? [] : [article.url]),
    ...(original === null ? [] : [`A copy of ${original.id}: ${original.title} (${original.source})`]),
    ...listed(
      'Found in:',
      sources.map(({ feed, firstSeenAt, url }) => `${firstSeenAt} ${feed}${url === null ? '' : ` ${url}`}`),
    ),
    ...listed(
      'Copies:',
      copies.map(({ id, source, title }) => `${id} ${source}: ${title}`),
    ),
    ...listed(
      'Before:',
      revisions.map(({ replacedAt, title }) => `until ${replacedAt}: ${title}`),
    ),
  ];
  const text = textOfHtml(article.content) || article.summary;
  return text === '' ? lines.join('\n') : `${lines.join('\n')}\n\n${text}`;
}

function listed(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, ...lines.map((line) => `  ${line}`)];
}
