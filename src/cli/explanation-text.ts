import type { ExplanationBody } from '../api/schemas/explanation.ts';
import { WINDOWS } from '../views/keys.ts';

/** Why an article stands where it stands, in lines for a person. */
export function explanationText(it: ExplanationBody): string {
  const { article, asked, reads, decayed, rise, box, copies, curation } = it;
  const { popular, fast, slow } = decayed;
  return [
    article.title,
    `${article.id}, ${[...article.categories, article.source].filter(Boolean).join(' · ')}`,
    ...(asked === article.id ? [] : [`${asked} is a copy of it, and counts for it.`]),
    '',
    `${nameOf(it)}: ${PLACES[it.place]}${it.rank === null ? '' : `, place ${it.rank}`}${fillOf(it)}.`,
    ...nextOf(it),
    '',
    `Reads: ${WINDOWS.map((window) => `${reads[window]} in ${window}`).join(', ')}`,
    ...(copies.articles === 0 ? [] : [`  of them ${copies.reads} in 30d by ${copies.articles} copies`]),
    `Popular: ${number(popular.reads)} decayed reads, half-life ${popular.halfLifeMinutes / 60} h (stored as ${popular.stored.toPrecision(6)} from ${popular.landmark})`,
    `Rising: ${number(fast.reads)} decayed reads with 15 min, ${number(slow.reads)} with 60 min; ${number(rise.growth)} times what was to be expected, z ${number(rise.z)} (needs ${rise.leastReads} reads and z ${rise.leastZ})`,
    `From our own box: ${WINDOWS.map((window) => `${box.reads[window]} in ${window}`).join(', ')}; weight ${box.weight} takes ${number(box.discount)} from popular`,
    `Refused in 24 h: ${countsOf(it.refused.day)}; in 7 days: ${countsOf(it.refused.week)}`,
    ...(Object.keys(it.revoked).length === 0 ? [] : [`Taken out afterwards: ${countsOf(it.revoked)}`]),
    ...curation.map(({ id, action, target, place }) => {
      const what = action === 'pin' ? `pinned at place ${place}` : `left out, by its ${target}`;
      return `Decision ${id}: ${what}`;
    }),
  ].join('\n');
}

const PLACES: Readonly<Record<ExplanationBody['place'], string>> = {
  listed: 'listed by its reads',
  filled: 'taken in because the list is thin',
  pinned: 'held there by an editor',
  excluded: 'left out by an editor',
  elsewhere: 'not filed in this category',
  'too-old': 'too old: published more than seven days ago',
  unread: 'not read in this time',
  'not-rising': 'not rising',
  below: 'below the last place',
};

function nameOf({ list, scope, window }: ExplanationBody): string {
  return [list, ...(window === null ? [] : [window]), 'of', scope === 'site' ? 'the site' : scope].join(' ');
}

function fillOf({ fill }: ExplanationBody): string {
  if (fill === null) return '';
  return fill === 'site' ? ' (from the list of the whole site)' : ` (from the list of ${fill})`;
}

function nextOf({ next, list }: ExplanationBody): string[] {
  if (next === null) return [];
  const where = next.rank === null ? 'be listed' : `take place ${next.rank}`;
  const whom = next.passes === null ? '' : ` before "${next.passes.title}"`;
  if (next.reads === null) return [`No number of reads would make it ${where}${whom}.`];
  const kind = list === 'popular' ? ' (none of them from our own box)' : '';
  return [`To ${where}${whom} it needs ${next.reads} more ${next.reads === 1 ? 'read' : 'reads'} now${kind}.`];
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  const entries = Object.entries(counts);
  return entries.length === 0 ? 'nothing' : entries.map(([name, count]) => `${count} ${name}`).join(', ');
}

const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
