/** One plot, or with `isStat` one number. `queries` by the words of their legend; Grafana's units. */
export interface Panel {
  readonly title: string;
  readonly help?: string;
  readonly unit?: string;
  readonly isStat?: true;
  /** The values that a number is red at; without, it is never: Grafana's own red begins at 80, and 0 is green. */
  readonly red?: { readonly from: number } | { readonly below: number };
  /** What stands in the place of values that are states. */
  readonly words?: Readonly<Record<number, string>>;
  /** Values may be below 0. */
  readonly isSigned?: true;
  readonly queries: Readonly<Record<string, string>>;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly rows: readonly (readonly Panel[])[];
}

const WIDTH = 24;
const HEIGHT = { stat: 5, plot: 8 };

/** What Grafana reads: the panels of a row side by side, in equal widths. */
export function grafanaJson({ uid, title, rows }: Dashboard): string {
  let y = 0;
  const panels = rows.flatMap((row) => {
    const height = row.every(({ isStat }) => isStat) ? HEIGHT.stat : HEIGHT.plot;
    const width = Math.floor(WIDTH / row.length);
    const top = y;
    y += height;
    return row.map((panel, index) => panelJson(panel, { x: index * width, y: top, w: width, h: height }));
  });
  const dashboard = {
    ...{ uid, title, tags: ['newsrank'], schemaVersion: 39, version: 1, editable: false, refresh: '30s' },
    ...{ time: { from: 'now-3h', to: 'now' }, timezone: 'browser' },
    templating: { list: [DATASOURCE, INSTANCE] },
    panels: panels.map((panel, index) => ({ id: index + 1, ...panel })),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

const SOURCE = { type: 'prometheus', uid: '$datasource' };
const DATASOURCE = { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' };
const INSTANCE = {
  ...{ name: 'instance', type: 'query', datasource: SOURCE, label: 'Process', refresh: 2 },
  query: 'label_values(newsrank_build_info, instance)',
  ...{ includeAll: true, multi: true, allValue: '.*', current: { text: 'All', value: '$__all' } },
};

const STAT = {
  reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  ...{ colorMode: 'value', graphMode: 'area', textMode: 'auto' },
};
const PLOT = {
  legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
  tooltip: { mode: 'multi', sort: 'desc' },
};

function panelJson(panel: Panel, gridPos: object) {
  const { title, help, unit = 'short', isStat, isSigned, queries } = panel;
  const options = isStat ? STAT : PLOT;
  return {
    ...{ title, type: isStat ? 'stat' : 'timeseries', gridPos, datasource: SOURCE },
    ...(help !== undefined && { description: help }),
    fieldConfig: { defaults: { unit, ...(!isSigned && { min: 0 }), ...coloursOf(panel) }, overrides: [] },
    options,
    targets: Object.entries(queries).map(([legendFormat, expr], index) => ({
      ...{ refId: String.fromCharCode(65 + index), datasource: SOURCE, expr, legendFormat },
    })),
  };
}

/** Colours of a number by its value, and its words. */
function coloursOf({ isStat, red, words }: Panel) {
  if (!isStat) return {};
  const steps = (first: string, second?: { color: string; value: number }) => [
    { color: first, value: null },
    ...(second === undefined ? [] : [second]),
  ];
  const bySteps = () => {
    if (red === undefined) return steps('text');
    if ('from' in red) return steps('green', { color: 'red', value: red.from });
    return steps('red', { color: 'green', value: red.below });
  };
  const texts = Object.entries(words ?? {}).map(([value, text]) => [value, { text }]);
  return {
    thresholds: { mode: 'absolute', steps: bySteps() },
    mappings: texts.length === 0 ? [] : [{ type: 'value', options: Object.fromEntries(texts) }],
  };
}
