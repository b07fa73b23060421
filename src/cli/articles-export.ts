import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { addFilterOptions, type FilterOptions, wishOf } from './article-options.ts';
import type { ArticleReader, ArticleWish, WithArticles } from './article-reader.ts';
import type { Terminal } from './terminal.ts';

interface Options extends FilterOptions {
  readonly output?: string;
}

/** With their texts: a page is a few megabytes at most, as feeds are. */
const PAGE = 100;

export function addArticlesExport(articles: Command, terminal: Terminal, withArticles: WithArticles): void {
  addFilterOptions(articles.command('export [words...]'))
    .description('write articles with their texts as JSON Lines, newest first: all, or those of a search')
    .option('--output <file>', 'into this file, which is there when it is whole')
    .option('--json', 'as every verb has it: JSON is what this one writes anyway')
    .action(async (words: string[], { output, ...options }: Options) => {
      const wish = { ...wishOf(words, options, systemClock()), content: true };
      await withArticles(terminal.settings(), async (reader) => {
        const lines = linesOf(reader, wish, terminal);
        if (output === undefined) await terminal.printAll(lines);
        else await writeWhole(output, lines);
      });
    });
}

async function* linesOf(reader: ArticleReader, wish: ArticleWish, terminal: Terminal): AsyncGenerator<string> {
  let written = 0;
  for await (const page of reader.list(wish, PAGE)) {
    for (const article of page) yield JSON.stringify(article);
    written += page.length;
    terminal.progress(`${written} articles, back to ${page.at(-1)?.publishedAt.slice(0, 10) ?? '–'}`);
  }
  terminal.progress('');
}

async function writeWhole(file: string, lines: AsyncIterable<string>): Promise<void> {
  const part = `${file}.part`;
  try {
    await pipeline(Readable.from(withEnds(lines)), createWriteStream(part));
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

async function* withEnds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}
