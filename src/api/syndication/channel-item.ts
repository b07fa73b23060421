import type { Article } from '../../articles/article.ts';
import type { CategorySlug } from '../../ids.ts';
import type { ListItem } from '../../ranking/list.ts';
import type { ChannelItem, ItemRanking } from './channel.ts';

const LANGUAGE = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i;
const LANGUAGES = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
const SEQUENCE_WIDTH = 5;

/** The article as an item; reads of an item with a rank count as brought by our list. */
export function channelItem(
  base: string,
  article: Article & { readonly content?: string },
  names: ReadonlyMap<CategorySlug, string>,
  item?: ListItem,
): ChannelItem {
  return {
    guid: `urn:newsrank:article:${article.id}`,
    title: article.title || 'Untitled',
    url: `${base}/r/${article.id}${item === undefined ? '' : '?ref=box'}`,
    external: webUrl(article.url),
    source: article.source,
    author: article.author || article.source || 'Unknown',
    summary: article.summary,
    content: article.content || null,
    image: webUrl(article.image),
    language: article.language !== null && isLanguage(article.language) ? article.language : null,
    publishedAt: article.publishedAt,
    updatedAt: distinct(article),
    categories: article.categories.map((slug) => ({ slug, name: names.get(slug) ?? slug })),
    ranking: item === undefined ? null : rankingOf(item),
  };
}

/** The language of all items, where it is the same. */
export function commonLanguage(items: readonly ChannelItem[]): string | null {
  const languages = new Set(items.map(({ language }) => language));
  const [first = null] = languages;
  return languages.size === 1 ? first : null;
}

/** When the newest of these changed; the beginning of today where there is none, so that an empty feed stays the same. */
export function newestOf(times: readonly Date[], now: Date): Date {
  if (times.length === 0) return new Date(now.toISOString().slice(0, 10));
  return new Date(Math.max(...times.map((time) => time.getTime())));
}

/**
 * Feeds name whole seconds, and validators warn of two Atom entries with the same one: the milliseconds that nobody knows
 * are taken from the id.
 */
function distinct({ id, updatedAt }: Pick<Article, 'id' | 'updatedAt'>): Date {
  if (updatedAt.getTime() % 1000 !== 0) return updatedAt;
  return new Date(updatedAt.getTime() + (Number.parseInt(id.slice(-SEQUENCE_WIDTH), 36) % 1000));
}

function rankingOf({ article: _, sparkline: __, dayAgo: ___, ...ranking }: ListItem): ItemRanking {
  return ranking;
}

/** Well-formed, and of a language that there is: feeds say `en-EN` and `xx`. */
function isLanguage(tag: string): boolean {
  return LANGUAGE.test(tag) && LANGUAGES.of(tag.split('-')[0] ?? '') !== undefined;
}

/** As a URI (RFC 3986): feeds may hold no other characters in links, and `URL` leaves some of them alone. */
function webUrl(text: string | null): string | null {
  if (text === null || !/^https?:/i.test(text) || !URL.canParse(text)) return null;
  const { origin, pathname, search, hash } = new URL(text);
  return origin + `${pathname}${search}${hash}`.replace(/[^\w.~:/?#@!$&'()*+,;=%-]/g, encodeURIComponent);
}
