/** Size of the drawing; the stylesheet may scale it. */
const STEP = 3;
const HEIGHT = 18;
/** Room for the stroke, above and below. */
const EDGE = 1.5;

/** How an article was read, drawn: the outline and where it ends. */
export interface Sparkline {
  readonly width: number;
  readonly height: number;
  /** Points of an SVG polyline. */
  readonly line: string;
  /** The same, closed along the ground. */
  readonly area: string;
  readonly end: { readonly x: number; readonly y: number };
}

/** Draws reads by steps; null where nothing was read, since a flat line says nothing. */
export function sparklineOf(values: readonly number[] | undefined): Sparkline | null {
  const most = Math.max(0, ...(values ?? []));
  if (values === undefined || values.length < 2 || most === 0) return null;
  const width = (values.length - 1) * STEP + 2 * EDGE;
  const yOf = (value: number) => Math.round((HEIGHT - EDGE - (value / most) * (HEIGHT - 2 * EDGE)) * 10) / 10;
  const points = values.map((value, index) => ({ x: EDGE + index * STEP, y: yOf(value) }));
  const line = points.map(({ x, y }) => `${x},${y}`).join(' ');
  const end = points.at(-1) ?? { x: 0, y: 0 };
  return {
    ...{ width, height: HEIGHT, line, end },
    area: `${EDGE},${HEIGHT} ${line} ${end.x},${HEIGHT}`,
  };
}
