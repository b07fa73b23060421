import type { ListedArticle } from '../../articles/list.ts';
import type { CategorySlug } from '../../ids.ts';
import type { ArticlesQuery } from '../schemas/article.ts';
import type { Channel } from './channel.ts';
import { channelItem, commonLanguage, newestOf } from './channel-item.ts';
import type { ChannelFrame } from './list-channel.ts';

/** A page of articles. */
export function articleChannel(
  { base, names, now, self, hub }: ChannelFrame,
  siteName: string,
  query: ArticlesQuery,
  { items: articles, next }: { readonly items: readonly ListedArticle[]; readonly next: string | null },
): Channel {
  const items = articles.map((article) => channelItem(base, article, names));
  const about = [names.get((query.category ?? '') as CategorySlug), query.q?.trim()].filter(Boolean).join(': ');
  return {
    title: about === '' ? siteName : `${siteName}: ${about}`,
    description: query.sort === 'relevance' ? 'Articles, the best match first.' : 'Articles, newest first.',
    home: homeOf(base, query),
    ...{ self, hub },
    next: next === null ? null : withCursor(self, next),
    updatedAt: newestOf(
      items.map(({ updatedAt }) => updatedAt),
      now,
    ),
    language: commonLanguage(items),
    list: null,
    items,
  };
}

function homeOf(base: string, { q, category }: ArticlesQuery): string {
  if (q?.trim()) return `${base}/search?${new URLSearchParams({ q: q.trim(), ...(category && { category }) })}`;
  return category ? `${base}/category/${encodeURIComponent(category)}` : `${base}/`;
}

function withCursor(self: string, cursor: string): string {
  const url = new URL(self);
  url.searchParams.set('cursor', cursor);
  return url.href;
}
