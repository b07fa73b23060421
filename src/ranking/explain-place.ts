import type { ListedArticle, ListItem, ListKey } from './list.ts';
import { isRecent } from './popular.ts';
import type { Rise } from './rising.ts';
import type { Standing } from './step-up.ts';

/**
 * Why an article stands where it stands in a list, or why it does not.
 * `listed`: by its reads · `filled`: a thin list was filled with it · `pinned` and `excluded`: by an editor ·
 * `elsewhere`: it is not filed in the category · `too-old` for a popular list · `unread` · `not-rising` · `below`: its
 * reads do not suffice.
 */
export type Place =
  | 'listed'
  | 'filled'
  | 'pinned'
  | 'excluded'
  | 'elsewhere'
  | 'too-old'
  | 'unread'
  | 'not-rising'
  | 'below';

interface Judged {
  readonly article: ListedArticle;
  readonly item: ListItem | undefined;
  readonly standing: Standing;
  readonly rise: Rise;
  readonly isExcluded: boolean;
}

/** Which of these it is, by the list as it was last published and the counts as they are now. */
export function placeOf(key: ListKey, judged: Judged, now: Date): Place {
  const { article, item, isExcluded } = judged;
  if (item !== undefined) return item.pinned ? 'pinned' : item.fill === null ? 'listed' : 'filled';
  if (isExcluded) return 'excluded';
  if (key.scope !== 'site' && !article.categories.includes(key.scope)) return 'elsewhere';
  return unlistedOf(key, judged, now);
}

function unlistedOf({ kind }: ListKey, { article, standing, rise }: Judged, now: Date): Place {
  if (kind === 'rising') return rise.isSignificant ? 'below' : 'not-rising';
  if (kind === 'popular' && !isRecent(article.id, now) && !rise.isSignificant) return 'too-old';
  return standing.score > 0 ? 'below' : 'unread';
}
