import type { ArticleId, CategorySlug } from '../../src/ids.ts';
import { UNCATEGORISED, type WindowId, windowStarts } from '../../src/views/keys.ts';
import type { CountedArticle } from '../../src/views/view.ts';

/** A read as it was counted: under the id that the collector knew. */
export interface ModelRead {
  readonly article: ArticleId;
  readonly at: Date;
  readonly reads: number;
  readonly boxReads: number;
}

interface ModelArticle {
  original: ArticleId | undefined;
  categories: readonly CategorySlug[];
}

/** Whose reads count where, in plain JavaScript: every read is kept, and every number is a sum over all of them. */
export function openModel(ids: readonly ArticleId[], categories: readonly CategorySlug[]) {
  const articles = new Map<ArticleId, ModelArticle>(ids.map((id) => [id, { original: undefined, categories }]));
  const successors = new Map<ArticleId, ArticleId>();
  const views = new Map<ArticleId, { readonly since: number; readonly counted: CountedArticle | undefined }[]>();
  let reads: ModelRead[] = [];

  const rootOf = (id: ArticleId): ArticleId => articles.get(id)?.original ?? id;
  const familyOf = (root: ArticleId) => [...articles].filter(([id]) => rootOf(id) === root).map(([id]) => id);
  const counterOf = (read: ModelRead): ArticleId => {
    let id = read.article;
    for (let next = successors.get(id); next !== undefined; next = successors.get(id)) id = next;
    return rootOf(id);
  };
  const countedOf = (asked: ArticleId): CountedArticle | undefined => {
    const id = counterOf({ article: asked, at: new Date(), reads: 0, boxReads: 0 });
    const article = articles.get(id);
    return article && { id, categories: article.categories };
  };
  /** Notes what collectors learn of the articles from now on. */
  const publish = (now: Date) => {
    for (const id of ids) {
      const known = views.get(id) ?? [];
      known.push({ since: now.getTime(), counted: countedOf(id) });
      views.set(id, known);
    }
  };

  return {
    isOriginal: (id: ArticleId): boolean => articles.has(id) && rootOf(id) === id,
    publish,
    /** What a collector may believe that asked at that time. */
    believed: (id: ArticleId, askedAt: Date): CountedArticle | undefined =>
      (views.get(id) ?? []).findLast(({ since }) => since <= askedAt.getTime())?.counted,
    read(read: ModelRead): void {
      reads.push(read);
    },
    merge(one: ArticleId, other: ArticleId): ArticleId[] {
      const [root, lost] = [rootOf(one), rootOf(other)];
      if (root === lost || !articles.has(root) || !articles.has(lost)) return [];
      const moved = familyOf(lost);
      for (const id of moved) articles.set(id, { original: root, categories: articles.get(id)?.categories ?? [] });
      return [root, ...moved];
    },
    split(id: ArticleId): ArticleId[] {
      const article = articles.get(id);
      const original = article?.original;
      if (article === undefined || original === undefined) return [];
      article.original = undefined;
      return [id, original];
    },
    file(id: ArticleId, filed: readonly CategorySlug[]): ArticleId[] {
      const article = articles.get(id);
      if (article === undefined) return [];
      article.categories = filed;
      return [id];
    },
    remove(id: ArticleId): void {
      if (!articles.has(id)) return;
      const root = rootOf(id);
      const copies = familyOf(root)
        .filter((one) => one !== root)
        .sort();
      articles.delete(id);
      if (root !== id) successors.set(id, root);
      const [heir] = root === id ? copies : [];
      if (heir === undefined) return;
      successors.set(id, heir);
      for (const copy of copies) {
        const article = articles.get(copy);
        if (article !== undefined) article.original = copy === heir ? undefined : heir;
      }
    },
    /** Redis was emptied: what PostgreSQL did not have is lost. */
    forget(archived: readonly ModelRead[]): void {
      reads = [...archived];
    },
    /** How many reads an article has in each place where it has any, as `article category`. */
    places(window: WindowId, now: Date): Record<string, number> {
      const start = windowStarts(now)[window];
      const unit = window === '1h' || window === '24h' ? 300_000 : 3_600_000;
      const places: Record<string, number> = {};
      for (const read of reads) {
        if (Math.floor(read.at.getTime() / unit) < start) continue;
        const counter = counterOf(read);
        const article = articles.get(counter);
        if (article === undefined) continue;
        for (const category of article.categories.length === 0 ? [UNCATEGORISED] : article.categories) {
          const place = `${counter} ${category}`;
          places[place] = (places[place] ?? 0) + read.reads;
        }
      }
      return places;
    },
    /** The decayed score of an article, and how far off it may be where times are known by their slot or hour only. */
    popular(id: ArticleId, now: Date): { readonly score: number; readonly error: number } {
      let [score, error] = [0, 2 ** -16];
      for (const read of reads.filter((one) => counterOf(one) === id)) {
        const hours = (now.getTime() - read.at.getTime()) / 3_600_000;
        const value = (read.reads - 0.75 * read.boxReads) * 2 ** (-hours / 3);
        score += value;
        error += value * (hours > 24 ? 0.15 : 0.02);
      }
      return { score, error };
    },
  };
}
