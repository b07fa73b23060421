import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { DASHBOARDS as DASHBOARD_TABLE } from '../../config/grafana/dashboards.ts';
import { grafanaJson } from '../../config/grafana/grafana.ts';
import { openMetrics } from '../../src/metrics.ts';

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

test('promtool finds nothing to object to', { skip: skipWithoutPromtool }, async () => {
  const check = (args: readonly string[], input = '') => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: PROMETHEUS, input, encoding: 'utf8' });
    assert.equal(status, 0, `promtool ${args.join(' ')}: ${stdout}${stderr}`);
  };
  check(['check', 'metrics'], await openMetrics('test').render());
  check(['check', 'config', 'prometheus.yml']);
  check(['check', 'rules', 'alerts.yml']);
  check(['test', 'rules', 'alerts.test.yml']);
});
