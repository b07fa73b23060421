import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { DASHBOARDS as DASHBOARD_TABLE } from '../../config/grafana/dashboards.ts';
import { grafanaJson } from '../../config/grafana/grafana.ts';
import { openMetrics } from '../../src/metrics.ts';
import { emptyFolder } from '../support/folders.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PROMETHEUS = `${ROOT}config/prometheus`;
const DASHBOARDS = `${ROOT}config/grafana/dashboards`;
const skipWithoutPromtool =
  spawnSync('promtool', ['--version']).status !== 0 && 'needs promtool (Debian: apt-get install prometheus)';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Record<string, string>;
}

const read = (path: string): string => readFileSync(path, 'utf8');
const rules: readonly Rule[] = parse(read(`${PROMETHEUS}/alerts.yml`)).groups.flatMap(
  ({ rules }: { rules: Rule[] }) => rules,
);

/** Every series name that /metrics can hold: histograms have three. */
async function namesExposed(): Promise<Set<string>> {
  const metrics = await openMetrics('test').registry.getMetricsAsJSON();
  return new Set(
    metrics.flatMap(({ name, type }) =>
      String(type) === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name],
    ),
  );
}

const namesIn = (text: string): string[] => text.match(/\b(?:newsrank|process|nodejs)_[a-z0-9_]+/g) ?? [];

test('rules and dashboards name nothing that /metrics does not have', async () => {
  const exposed = await namesExposed();
  const files = readdirSync(DASHBOARDS).map((file) => `${DASHBOARDS}/${file}`);
  assert.ok(files.length >= 6);
  for (const file of [`${PROMETHEUS}/alerts.yml`, `${PROMETHEUS}/alerts.test.yml`, ...files]) {
    const names = namesIn(read(file));
    assert.ok(names.length > 0, file);
    assert.deepEqual(
      names.filter((name) => !exposed.has(name)),
      [],
      file,
    );
  }
});

/** Grafana's variables as it would fill them in. */
const filledIn = (expr: string): string => expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*');

/** Labels that Prometheus adds, and that of buckets. */
const ADDED = ['instance', 'job', 'role', 'le'];

test('rules, panels and their legends name no label that their metrics do not have', () => {
  const { registry } = openMetrics('test');
  const exprs = rules.map(({ alert, expr, annotations }) => ({
    ...{ name: alert, expr },
    legend: (annotations['summary'] ?? '').replace(/\$labels\.(\w+)/g, '$1'),
  }));
  const panels = DASHBOARD_TABLE.flatMap(({ rows }) => rows.flat()).flatMap(({ title, queries }) =>
    Object.entries(queries).map(([legend, expr]) => ({ name: title, expr, legend })),
  );
  for (const { name, expr, legend } of [...exprs, ...panels]) {
    const metrics = namesIn(expr).map((one) => one.replace(/_(?:bucket|sum|count)$/, ''));
    const known = new Set([...ADDED, ...metrics.flatMap((one) => labelsOf(registry.getSingleMetric(one)))]);
    const matched = [...expr.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label);
    const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/,\s*/));
    const told = [...legend.matchAll(/{{ ?(\w+) ?}}/g)].map(([, label = '']) => label);
    const unknown = [...matched, ...grouped, ...told].filter((label) => !known.has(label));
    assert.deepEqual(unknown, [], `${name}: ${expr}`);
  }
});

const labelsOf = (metric: unknown): readonly string[] =>
  (metric as { labelNames?: readonly string[] })?.labelNames ?? [];

test('the dashboards are those of the table', () => {
  const written = new Map(readdirSync(DASHBOARDS).map((file) => [file, read(`${DASHBOARDS}/${file}`)]));
  const wanted = new Map(DASHBOARD_TABLE.map((one) => [`${one.uid}.json`, grafanaJson(one)]));
  assert.deepEqual(written, wanted, 'run npm run dashboards');
});

test('every alert has a case in which it fires, and a chapter in the handbook to which it leads', () => {
  const cases = read(`${PROMETHEUS}/alerts.test.yml`);
  const handbook = read(`${ROOT}docs/operations.md`);
  for (const { alert, annotations } of rules) {
    assert.match(cases, new RegExp(`alertname: ${alert}\n +exp_alerts:\n`), `${alert} never fires in a case`);
    assert.match(cases, new RegExp(`alertname: ${alert}\n +exp_alerts: \\[\\]`), `${alert} is never silent in a case`);
    assert.equal(annotations['runbook'], `docs/operations.md#${alert.toLowerCase()}`);
    assert.match(handbook, new RegExp(`^### ${alert}$`, 'm'));
  }
});

test('promtool finds nothing to object to', { skip: skipWithoutPromtool }, async (t) => {
  const check = (args: readonly string[], input = '') => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: PROMETHEUS, input, encoding: 'utf8' });
    assert.equal(status, 0, `promtool ${args.join(' ')}: ${stdout}${stderr}`);
  };
  check(['check', 'metrics'], await openMetrics('test').render());
  check(['check', 'config', 'prometheus.yml']);
  check(['check', 'rules', 'alerts.yml']);
  check(['test', 'rules', 'alerts.test.yml']);
  const exprs = DASHBOARD_TABLE.flatMap(({ rows }) => rows.flat()).flatMap(({ queries }) => Object.values(queries));
  const recorded = exprs.map((expr, n) => ({ record: `panel:query:${n}`, expr: filledIn(expr) }));
  const file = join(await emptyFolder(t), 'panels.yml');
  writeFileSync(file, stringify({ groups: [{ name: 'panels', rules: recorded }] }));
  check(['check', 'rules', file]);
});
