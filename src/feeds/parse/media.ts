import type { Enclosure } from '../entry.ts';
import { resolveLink } from './links.ts';
import { attributeOf, type Node, textOf } from './node.ts';

const NO_NODES: readonly Node[] = [];

/** The `media:content` elements of an entry, in groups or not. */
export function mediaOf(node: Node): readonly Node[] {
  let found: Node[] | undefined;
  for (const child of node.children) {
    if (child.name !== 'media:content' && child.name !== 'media:group') continue;
    found ??= [];
    if (child.name === 'media:content') found.push(child);
    else found.push(...mediaOf(child));
  }
  return found ?? NO_NODES;
}

/** The picture that a feed gives with an entry: the widest of its media, else a thumbnail, an image element or an enclosure. */
export function imageOf(node: Node, enclosures: readonly Enclosure[]): string | null {
  const media = mediaOf(node);
  const widest = widestOf(media);
  if (widest !== undefined) return resolveLink(attributeOf(widest, 'url') ?? '', widest.base);
  for (const holder of [node, ...media, ...node.children]) {
    const image = holder === node || holder.name.startsWith('media:') ? imageIn(holder) : undefined;
    if (image !== undefined) return image;
  }
  return enclosures.find((each) => isImage(undefined, each.type ?? undefined, each.url))?.url ?? null;
}

function widestOf(media: readonly Node[]): Node | undefined {
  let widest: Node | undefined;
  for (const each of media) {
    if (!isImage(attributeOf(each, 'medium'), attributeOf(each, 'type'), attributeOf(each, 'url'))) continue;
    if (widest === undefined || widthOf(each) > widthOf(widest)) widest = each;
  }
  return widest;
}

function widthOf(node: Node): number {
  return Number(attributeOf(node, 'width') ?? 0) || 0;
}

const IMAGES = new Set(['media:thumbnail', 'itunes:image', 'googleplay:image', 'image', 'gd:image', 'thumbnail']);

function imageIn(holder: Node): string | undefined {
  for (const child of holder.children) {
    if (!IMAGES.has(child.name)) continue;
    const text = attributeOf(child, 'href') ?? attributeOf(child, 'url') ?? textOf(child, 'url') ?? child.text.trim();
    if (text !== '') return resolveLink(text, child.base);
  }
  return undefined;
}

function isImage(medium: string | undefined, type: string | undefined, url: string | undefined): boolean {
  if (url === undefined) return false;
  if (medium !== undefined || type !== undefined) return medium === 'image' || (type?.startsWith('image') ?? false);
  return /\.(?:jpe?g|png|gif|webp|avif)(?:[?#]|$)/i.test(url);
}
