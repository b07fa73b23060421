import type { Command } from 'commander';
import type { WithArticles } from './article-reader.ts';
import { addArticlesExport } from './articles-export.ts';
import { addArticlesMerge } from './articles-merge.ts';
import { addArticlesSearch } from './articles-search.ts';
import { addArticlesShow } from './articles-show.ts';
import { addArticlesSplit } from './articles-split.ts';
import { type WithCopyAdmin, withCopyAdmin } from './copy-admin.ts';
import type { Terminal } from './terminal.ts';

/** The verbs of `newsrank articles`. */
export function addArticles(
  program: Command,
  terminal: Terminal,
  withArticles: WithArticles,
  withCopies: WithCopyAdmin = withCopyAdmin,
): void {
  const articles = program.command('articles').description('search, show and export articles; say which are copies');
  addArticlesSearch(articles, terminal, withArticles);
  addArticlesShow(articles, terminal, withArticles);
  addArticlesExport(articles, terminal, withArticles);
  addArticlesSplit(articles, terminal, withCopies);
  addArticlesMerge(articles, terminal, withCopies);
}
