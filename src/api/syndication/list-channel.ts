import type { Article } from '../../articles/article.ts';
import type { ArticleId, CategorySlug } from '../../ids.ts';
import type { ClosedSnapshot } from '../../ranking/closed-list.ts';
import type { ListItem, Snapshot } from '../../ranking/list.ts';
import type { Channel } from './channel.ts';
import { channelItem, commonLanguage, newestOf } from './channel-item.ts';

export interface ChannelFrame extends Pick<Channel, 'self' | 'hub'> {
  readonly base: string;
  /** Of the categories, by slug. */
  readonly names: ReadonlyMap<CategorySlug, string>;
  readonly now: Date;
}

/** A list, best first, with what the articles say beside their titles. `list` is cut to what was asked. */
export function listChannel(
  { base, names, now, self, hub }: ChannelFrame,
  list: Snapshot | ClosedSnapshot,
  articles: ReadonlyMap<ArticleId, Article>,
): Channel {
  const { scope, version, confidence } = list;
  const window = list.window?.id ?? null;
  const items = list.items.map((item) => channelItem(base, articleOf(item, articles), names, item));
  return {
    ...{ title: list.title, description: describe(list), self, hub },
    home: `${base}/ranking?${new URLSearchParams(homeQuery(list))}`,
    next: null,
    updatedAt: newestOf([...items.map(({ updatedAt }) => updatedAt), ...list.items.map(sinceOf)], now),
    language: commonLanguage(items),
    list: { list: list.list, scope, window, version, confidence },
    items,
  };
}

const sinceOf = ({ since }: ListItem) => new Date(since);

/** A removed article goes on with what the list knows of it. */
function articleOf({ article }: ListItem, articles: ReadonlyMap<ArticleId, Article>): Article {
  return (
    articles.get(article.id) ?? {
      ...article,
      ...{ summary: '', author: null, language: null, revision: 1 },
      publishedAt: new Date(article.publishedAt),
      updatedAt: new Date(article.updatedAt),
    }
  );
}

function describe(list: Snapshot | ClosedSnapshot): string {
  switch (list.list) {
    case 'access':
      return `What was read most in the last ${list.window?.id ?? ''}, first place first.`;
    case 'popular':
      return 'What is read now, first place first.';
    case 'rising':
      return 'What is read significantly more than before, the steepest rise first.';
    case 'closed':
      return `What was read most from ${list.window.from} to ${list.window.to}, first place first.`;
    default:
      return list satisfies never;
  }
}

function homeQuery({ list, scope, window }: Snapshot | ClosedSnapshot): Record<string, string> {
  const name = list === 'access' ? (window?.id ?? '') : list === 'popular' ? 'now' : list;
  return { ...(list !== 'closed' && { window: name }), ...(scope !== 'site' && { category: scope }) };
}
