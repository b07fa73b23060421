import { type Clock, HOUR } from '../clock.ts';
import type { Sql } from '../engines/sql.ts';
import { parseArticleId } from '../ids.ts';
import type { ArticleFinder } from './catalogue.ts';
import type { DropReason, ViewReport } from './view.ts';

/**
 * Which views of an article were no reads, and why: for whoever asks why it stands where it stands (ranking/explain.ts).
 * Counted here in plain numbers and written to PostgreSQL every few seconds. Nothing is ranked by it, so what a process
 * had not written when it was killed may be lost, and a refusal costs readers nothing: a bot's view is still looked up
 * nowhere while its request waits, and what names no article is found out and left out when it is written.
 */
export interface Refusals {
  /** Notes a view that was refused for the reason. */
  note(report: Pick<ViewReport, 'article' | 'url'>, reason: DropReason): void;
  /** Writes what was noted; what cannot be written is kept for the next time. */
  flush(): Promise<void>;
}

/** Names that wait to be written: bots may make up as many as they like. */
const MAX_WAITING = 5000;

interface Noted {
  readonly hour: number;
  readonly name: string;
  readonly isUrl: boolean;
  readonly reason: DropReason;
  views: number;
}

export function openRefusals(sql: Sql, finder: Pick<ArticleFinder, 'byUrls'>, clock: Clock): Refusals {
  let waiting = new Map<string, Noted>();

  const add = ({ views, ...noted }: Noted): void => {
    const key = `${noted.hour} ${noted.reason} ${noted.name}`;
    const known = waiting.get(key);
    if (known !== undefined) known.views += views;
    else if (waiting.size < MAX_WAITING) waiting.set(key, { ...noted, views });
  };

  return {
    note({ article, url }, reason) {
      const name = article ?? url;
      if (name === undefined || (article !== undefined && parseArticleId(article) === undefined)) return;
      const hour = Math.floor(clock().getTime() / HOUR);
      add({ hour, name, isUrl: article === undefined, reason, views: 1 });
    },
    async flush() {
      if (waiting.size === 0) return;
      const noted = [...waiting.values()];
      waiting = new Map();
      try {
        const urls = [...new Set(noted.filter(({ isUrl }) => isUrl).map(({ name }) => name))];
        const byUrl = urls.length === 0 ? new Map() : await finder.byUrls(urls);
        const found = noted.flatMap(({ name, isUrl, ...rest }) => {
          const article = isUrl ? byUrl.get(name) : name;
          return article === undefined ? [] : [{ article, ...rest }];
        });
        await write(sql, found);
      } catch (error) {
        for (const one of noted) add(one);
        throw error;
      }
    },
  };
}

/** Adds to what is there, in the order of the key, so that processes which write at once do not wait in a ring. */
async function write(sql: Sql, refused: readonly (Omit<Noted, 'name' | 'isUrl'> & { article: string })[]) {
  await sql.query(
    `insert into refused_views (article_id, hour, reason, views)
     select id, to_timestamp(hour * 3600.0), reason, sum(views)
     from unnest($1::text[], $2::int[], $3::text[], $4::int[]) noted (article, hour, reason, views)
     join articles on id = article
     group by 1, 2, 3 order by 1, 2, 3
     on conflict (article_id, hour, reason) do update set views = refused_views.views + excluded.views`,
    [
      refused.map(({ article }) => article),
      refused.map(({ hour }) => hour),
      refused.map(({ reason }) => reason),
      refused.map(({ views }) => views),
    ],
  );
}

/** Forgets what was refused before; gives the number of rows. */
export async function removeOldRefusals(sql: Sql, before: Date): Promise<number> {
  const { count } = await sql.query('delete from refused_views where hour < $1', [before]);
  return count;
}
