import type { Random } from './story.ts';

/** The colours that a scene is printed in, from the farthest to the nearest. */
export interface Inks {
  readonly far: string;
  readonly mid: string;
  readonly near: string;
  /** Of windows and lamps. */
  readonly light: string;
  /** Of the one thing that catches the eye. */
  readonly accent: string;
  readonly sun: string;
}

type Scene = (random: Random, inks: Inks) => string;

const WIDTH = 800;
const HEIGHT = 450;

const span = (random: Random, least: number, most: number) => Math.round(least + random() * (most - least));
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const rect = (x: number, y: number, width: number, height: number, fill: string) =>
  `<path d="M${x} ${y}h${width}v${height}h${-width}z" fill="${fill}"/>`;
const disc = (x: number, y: number, r: number, fill: string) => `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/>`;
const shape = (points: string, fill: string) => `<polygon points="${points}" fill="${fill}"/>`;
const line = (d: string, stroke: string, width: number) =>
  `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${width}"/>`;

/** A soft ridge across the picture. */
function ridge(random: Random, base: number, swing: number, fill: string): string {
  const points = times(6, (step) => ({ x: step * 160, y: base + Math.round((random() - 0.5) * swing) }));
  const curve = points.slice(1).map(({ x, y }, index) => {
    const before = points[index] ?? { x: 0, y: base };
    return `C${before.x + 80} ${before.y} ${x - 80} ${y} ${x} ${y}`;
  });
  return `<path d="M0 ${HEIGHT}V${points[0]?.y ?? base}${curve.join('')}V${HEIGHT}z" fill="${fill}"/>`;
}

function tree(x: number, ground: number, size: number, fill: string): string {
  return rect(x - 3, ground - size * 0.6, 6, size * 0.6, fill) + disc(x, ground - size, size * 0.52, fill);
}

function windows(random: Random, x: number, y: number, columns: number, rows: number, fill: string): string {
  const lit = times(columns * rows, (index) => index).filter(() => random() < 0.42);
  const panes = lit.map((index) => `M${x + (index % columns) * 14} ${y + Math.floor(index / columns) * 18}h7v9h-7z`);
  return `<path d="${panes.join('')}" fill="${fill}"/>`;
}

function towers(random: Random, ground: number, tallest: number, inks: Inks, fill: string, isLit: boolean): string {
  const parts: string[] = [];
  for (let x = span(random, -30, 10); x < WIDTH; ) {
    const [columns, rows] = [span(random, 3, 7), span(random, 3, Math.floor(tallest / 18))];
    const [width, height] = [columns * 14 + 7, rows * 18 + 12];
    parts.push(rect(x, ground - height, width, height + HEIGHT, fill));
    if (random() < 0.3) parts.push(rect(x + Math.round(width / 2), ground - height - 26, 3, 26, fill));
    if (isLit) parts.push(windows(random, x + 7, ground - height + 9, columns, rows - 1, inks.light));
    x += width + span(random, 0, 26);
  }
  return parts.join('');
}

function hills(random: Random, { far, mid, near, accent }: Inks): string {
  const x = span(random, 150, 620);
  return [
    ridge(random, 230, 90, far),
    ridge(random, 300, 80, mid),
    shape(`${x},352 ${x + 26},330 ${x + 52},352`, accent),
    rect(x + 4, 352, 44, 34, accent),
    ...times(7, (index) => tree(x - 130 + index * 58 + span(random, 0, 20), 392, span(random, 18, 34), near)),
    ridge(random, 388, 26, near),
  ].join('');
}

function city(random: Random, inks: Inks): string {
  return [
    towers(random, 330, 190, inks, inks.far, false),
    towers(random, 370, 230, inks, inks.mid, true),
    rect(0, 384, WIDTH, 66, inks.near),
    ...times(9, (index) => tree(span(random, 20, 70) + index * 88, 392, span(random, 16, 26), inks.near)),
    line(`M0 418H${WIDTH}`, inks.light, 3).replace('/>', ' stroke-dasharray="34 26"/>'),
    rect(span(random, 90, 640), 398, 66, 26, inks.accent),
  ].join('');
}

/** A house of parliament: steps, columns, a flag. */
function hall(random: Random, inks: Inks): string {
  const middle = span(random, 310, 490);
  const columns = span(random, 3, 5) * 2;
  const half = columns * 27;
  return [
    ridge(random, 280, 60, inks.far),
    ...[-1, 1].map((side) => rect(middle + side * (half + 60) - 75, 268, 150, 120, inks.mid)),
    ...[-1, 1].map((side) => windows(random, middle + side * (half + 60) - 62, 284, 9, 4, inks.light)),
    shape(`${middle - half - 16},224 ${middle},158 ${middle + half + 16},224`, inks.near),
    rect(middle - half - 6, 224, 2 * half + 12, 20, inks.mid),
    ...times(columns, (index) => rect(middle - half + 14 + index * 54, 244, 26, 132, inks.light)),
    ...times(columns, (index) => rect(middle - half + 34 + index * 54, 244, 6, 132, inks.far)),
    ...times(4, (step) =>
      rect(middle - half - 14 - step * 16, 376 + step * 13, 2 * (half + 14 + step * 16), 14, inks.mid),
    ),
    line(`M${middle} 158V88`, inks.near, 4),
    shape(`${middle + 2},90 ${middle + 58},102 ${middle + 2},122`, inks.accent),
    ...[-1, 1].flatMap((side) =>
      times(3, (i) => tree(middle + side * (half + 130 + i * 54), 402, 30 + i * 8, inks.near)),
    ),
    rect(0, 426, WIDTH, 24, inks.near),
  ].join('');
}

function sea(random: Random, { far, mid, near, light, accent }: Inks): string {
  const [boat, tower] = [span(random, 120, 420), span(random, 560, 700)];
  const wave = (y: number) => `M-40 ${y}${times(11, () => 'q20 -9 40 0t40 0').join('')}`;
  return [
    ridge(random, 236, 50, far),
    rect(0, 258, WIDTH, 192, mid),
    ...times(6, (index) =>
      line(wave(284 + index * 27), index % 2 === 0 ? far : light, 1.5).replace('/>', ' opacity=".6"/>'),
    ),
    shape(`${boat},290 ${boat + 128},290 ${boat + 106},320 ${boat + 20},320`, near),
    shape(`${boat + 58},150 ${boat + 58},280 ${boat + 132},280`, accent),
    shape(`${boat + 50},176 ${boat + 50},280 ${boat},280`, light),
    `<path d="M${tower - 90} 450Q${tower} 290 ${WIDTH + 60} 330V450z" fill="${near}"/>`,
    shape(`${tower + 20},330 ${tower + 34},176 ${tower + 66},176 ${tower + 80},330`, light),
    shape(`${tower + 25},276 ${tower + 30},224 ${tower + 70},224 ${tower + 75},276`, accent),
    rect(tower + 32, 152, 36, 24, near) + disc(tower + 50, 163, 7, light),
  ].join('');
}

/** A ground in the evening: the crowd, the lamps, the lines. */
function ground(random: Random, { far, mid, near, light, accent }: Inks): string {
  const crowd = times(230, () => `M${span(random, 0, WIDTH)} ${span(random, 176, 258)}h5v6h-5z`);
  const ball = { x: span(random, 240, 560), y: span(random, 330, 400) };
  return [
    rect(0, 160, WIDTH, 110, near),
    `<path d="${crowd.slice(0, 190).join('')}" fill="${far}"/><path d="${crowd.slice(190).join('')}" fill="${accent}"/>`,
    ...[90, 710].map((x) => rect(x - 4, 40, 8, 130, near) + rect(x - 42, 26, 84, 30, near)),
    ...[90, 710].map((x) => windows(() => 0, x - 38, 30, 6, 1, light)),
    rect(0, 270, WIDTH, 180, mid),
    ...times(5, (index) =>
      shape(
        `${index * 160},450 ${120 + index * 120},270 ${180 + index * 120},270 ${index * 160 + 80},450`,
        far,
      ).replace('/>', ' opacity=".35"/>'),
    ),
    line('M0 300H800', light, 3) + line('M250 300V372H550V300', light, 3),
    line('M330 300V222H470V300', light, 5),
    disc(ball.x, ball.y, 11, light),
    rect(ball.x + 34, ball.y - 62, 15, 40, accent) + disc(ball.x + 41, ball.y - 72, 10, near),
    line(`M${ball.x + 38} ${ball.y - 24}l-14 32M${ball.x + 45} ${ball.y - 24}l14 34`, near, 7),
  ].join('');
}

/** A stage with its curtain and one lamp on it. */
function stage(random: Random, { far, mid, near, light, accent }: Inks): string {
  const middle = span(random, 300, 500);
  const fold = (x: number, width: number) => rect(x, 0, width, 378, accent) + rect(x + width - 9, 0, 9, 378, near);
  return [
    rect(0, 0, WIDTH, HEIGHT, near),
    rect(130, 40, 540, 340, mid),
    shape(`${middle - 26},0 ${middle + 26},0 ${middle + 150},392 ${middle - 150},392`, light).replace(
      '/>',
      ' opacity=".28"/>',
    ),
    `<ellipse cx="${middle}" cy="392" rx="150" ry="20" fill="${light}" opacity=".5"/>`,
    rect(0, 378, WIDTH, 72, far).replace('/>', ' opacity=".5"/>'),
    ...times(4, (index) => fold(index * 42 - 20, 44) + fold(WIDTH - 22 - index * 42, 44)),
    ...times(9, (index) => `<path d="M${index * 90 - 5} 0h90q-45 96 -90 0z" fill="${accent}"/>`),
    rect(middle - 58, 330, 116, 10, near) + rect(middle - 50, 340, 8, 50, near) + rect(middle + 42, 340, 8, 50, near),
    shape(`${middle - 58},330 ${middle - 58},296 ${middle + 20},286 ${middle + 58},330`, near),
    rect(middle + 74, 318, 18, 46, far) + disc(middle + 83, 304, 13, far),
  ].join('');
}

/** A row of houses and the train that passes them. */
function houses(random: Random, { far, mid, near, light, accent }: Inks): string {
  const train = span(random, -60, 180);
  const roofs = times(7, (index) => {
    const [x, top, fill] = [index * 120 - 20, span(random, 250, 290), index % 2 === 0 ? mid : far];
    return (
      shape(`${x},${top} ${x + 55},${top - 46} ${x + 110},${top}`, near) +
      rect(x + 8, top, 94, 140, fill) +
      windows(random, x + 22, top + 16, 5, 3, light)
    );
  });
  return [
    ridge(random, 226, 70, far),
    ...roofs,
    rect(0, 352, WIDTH, 98, near),
    ...times(5, (index) => rect(60 + index * 170, 170, 5, 190, near) + rect(40 + index * 170, 186, 45, 4, near)),
    line(`M0 190${times(5, () => 'q85 22 170 0').join('')}`, near, 1.5),
    ...times(3, (car) => rect(train + car * 190, 336, 182, 56, accent) + rect(train + car * 190, 374, 182, 6, light)),
    ...times(3, (car) => windows(() => 0, train + car * 190 + 12, 346, 12, 1, light)),
    line(`M0 400H${WIDTH}`, far, 4),
  ].join('');
}

/** Terraced fields below a village. */
function fields(random: Random, { far, mid, near, light, accent }: Inks): string {
  const house = span(random, 90, 620);
  return [
    ridge(random, 190, 120, far),
    ridge(random, 250, 60, mid),
    shape(`${house - 12},262 ${house + 48},216 ${house + 108},262`, near),
    rect(house, 262, 96, 44, light) + rect(house + 40, 276, 18, 30, accent),
    ...times(5, (index) => ridge(random, 300 + index * 32, 18, [light, mid, far, mid, near][index] ?? near)),
    ...times(4, (index) => tree(house + 150 + index * 36, 304, span(random, 16, 26), near)),
  ].join('');
}

export const SCENES = { hills, city, hall, sea, ground, stage, houses, fields } as const satisfies Record<
  string,
  Scene
>;
export type SceneName = keyof typeof SCENES;
