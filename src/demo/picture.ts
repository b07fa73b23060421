/** A picture for a story: hills under a sky in the desk's colour, the same for the same seed. SVG text. */
export function drawPicture(seed: string, hue: number): string {
  const random = seeded(seed);
  const sun = { x: 120 + random() * 560, y: 90 + random() * 120, r: 30 + random() * 50 };
  const hills = [0, 1, 2, 3].map((layer) => {
    const base = 230 + layer * 55;
    const points = Array.from({ length: 9 }, (_, step) => `${step * 100},${base + (random() - 0.5) * 90}`);
    const color = `hsl(${hue + layer * 6} ${30 + layer * 6}% ${68 - layer * 14}%)`;
    return `<polygon points="0,450 ${points.join(' ')} 800,450" fill="${color}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 450" width="800" height="450">
<linearGradient id="sky" x2="0" y2="1"><stop stop-color="hsl(${hue} 45% 84%)"/><stop offset="1" stop-color="hsl(${hue + 40} 60% 93%)"/></linearGradient>
<rect width="800" height="450" fill="url(#sky)"/>
<circle cx="${sun.x}" cy="${sun.y}" r="${sun.r}" fill="hsl(${hue + 60} 90% 92%)"/>
${hills.join('\n')}
</svg>`;
}

/** A small generator of repeatable numbers (mulberry32) from a text. */
export function seeded(text: string): () => number {
  let state = 0;
  for (const character of text) state = (Math.imul(state, 31) + (character.codePointAt(0) ?? 0)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
