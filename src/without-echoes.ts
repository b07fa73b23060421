/**
 * Passes on a text at once where it is another than the last, and the same one again only after `everyMs`: what fails ten
 * times a second is told, and does not bury all else.
 */
export function withoutEchoes(everyMs: number, tell: (text: string) => void): (text: string) => void {
  let last: string | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  return (text) => {
    if (text === last && performance.now() - toldAt < everyMs) return;
    last = text;
    toldAt = performance.now();
    tell(text);
  };
}
