import { type Inks, SCENES, type SceneName } from './scenes.ts';
import { seeded } from './seeded.ts';

/** Light of the day: how bright the sky is above and below, and how dark what stands before it. */
const HOURS = [
  { name: 'morning', sky: [88, 94], far: 76, mid: 58, near: 34, sun: 97 },
  { name: 'noon', sky: [72, 90], far: 66, mid: 48, near: 27, sun: 96 },
  { name: 'evening', sky: [46, 80], far: 50, mid: 34, near: 18, sun: 86 },
  { name: 'night', sky: [16, 34], far: 26, mid: 19, near: 10, sun: 90 },
] as const;

/** What catches the eye is red, orange, gold or blue, whichever is far from the colour of the rest. */
const ACCENTS = [4, 18, 38, 212] as const;

/** A picture for a story: a scene in the desk's colours at some time of the day, the same for the same seed. SVG text. */
export function drawPicture(seed: string, hue: number, scenes: readonly SceneName[]): string {
  const random = seeded(seed);
  const hour = HOURS[Math.floor(random() * HOURS.length)] ?? HOURS[0];
  const tint = hue + Math.round((random() - 0.5) * 36);
  // No sky is green, whatever the land below it.
  const sky = tint > 75 && tint < 175 ? 204 : tint;
  const warm = hour.name === 'evening' ? 24 : sky + 24;
  const accents = ACCENTS.filter((other) => Math.abs(((other - tint + 540) % 360) - 180) > 60);
  const inks: Inks = {
    far: `hsl(${tint} 26% ${hour.far}%)`,
    mid: `hsl(${tint + 8} 32% ${hour.mid}%)`,
    near: `hsl(${tint + 14} 38% ${hour.near}%)`,
    light: hour.name === 'night' || hour.name === 'evening' ? 'hsl(43 88% 74%)' : `hsl(${tint + 8} 30% 92%)`,
    accent: `hsl(${accents[Math.floor(random() * accents.length)] ?? 8} 60% ${hour.name === 'night' ? 48 : 54}%)`,
    sun: hour.name === 'night' ? 'hsl(48 30% 90%)' : `hsl(${warm} 86% ${hour.sun}%)`,
  };
  const scene = SCENES[scenes[Math.floor(random() * scenes.length)] ?? 'hills'];
  const sun = { x: 110 + random() * 580, y: 70 + random() * 110, r: 22 + random() * 34 };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 450" width="800" height="450">
<linearGradient id="sky" x2="0" y2="1"><stop stop-color="hsl(${sky} 38% ${hour.sky[0]}%)"/><stop offset="1" stop-color="hsl(${warm} 50% ${hour.sky[1]}%)"/></linearGradient>
<rect width="800" height="450" fill="url(#sky)"/>
<circle cx="${round(sun.x)}" cy="${round(sun.y)}" r="${round(sun.r)}" fill="${inks.sun}"/>
${scene(random, inks)}
</svg>`;
}

const round = (value: number) => Math.round(value);
