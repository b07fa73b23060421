import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');
const manifest: Record<'dependencies' | 'devDependencies', Record<string, string>> = JSON.parse(read('package.json'));

test('every dependency is pinned to one version, and docs/dependencies.md says why it is there', () => {
  const table = read('docs/dependencies.md');
  const named = new Set(
    Array.from(table.matchAll(/^\| (.+?) \|/gm), ([, cell = '']) => cell.match(/`[^`]+`/g) ?? []).flat(),
  );
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  for (const [name, version] of Object.entries(all)) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
    assert.ok(named.has(`\`${name}\``), `docs/dependencies.md does not say why ${name} is there`);
  }
  const gone = [...named].filter((name) => !(name.slice(1, -1) in all));
  assert.deepEqual(gone, [], 'rows of what is no dependency');
});

test('workflows run pinned actions with no more than leave to read', () => {
  const folder = '.github/workflows';
  const files = readdirSync(`${ROOT}${folder}`);
  assert.ok(files.length > 0);
  for (const file of files) {
    const text = read(`${folder}/${file}`);
    const workflow: { permissions: object; jobs: Record<string, { permissions?: Record<string, string> }> } =
      parse(text);
    assert.deepEqual(workflow.permissions, { contents: 'read' }, file);
    for (const [job, { permissions = {} }] of Object.entries(workflow.jobs)) {
      const more = Object.entries(permissions).filter(
        ([name, leave]) => leave !== 'read' && name !== 'security-events',
      );
      assert.deepEqual(more, [], `${file}: ${job}`);
    }
    for (const [, action = ''] of text.matchAll(/uses: (.*)$/gm)) {
      assert.match(action, /^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, file);
    }
  }
});

test('what Dependabot must leave alone is there', () => {
  interface Update {
    readonly 'package-ecosystem': string;
    readonly ignore?: readonly { readonly 'dependency-name': string }[];
  }
  const { updates }: { updates: readonly Update[] } = parse(read('.github/dependabot.yml'));
  const ecosystems = updates.map((update) => update['package-ecosystem']);
  assert.deepEqual(ecosystems, ['npm', 'github-actions', 'docker', 'docker-compose']);
  const ignored = updates.flatMap(({ ignore = [] }) => ignore.map((one) => one['dependency-name']));
  assert.deepEqual(
    ignored.filter((name) => !(name in manifest.dependencies)),
    [],
  );
});

test('what is published is what runs, and no more', () => {
  const listing = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const parsed: unknown = JSON.parse(listing);
  const [pack] = (Array.isArray(parsed) ? parsed : Object.values(parsed as object)) as [{ files: { path: string }[] }];
  const paths = pack.files.map(({ path }) => path);
  for (const path of ['bin/newsrank.js', 'src/main.ts', 'src/schema/001-initial.sql', 'config/feeds.opml', 'LICENSE']) {
    assert.ok(paths.includes(path), path);
  }
  assert.ok(paths.includes('docs/operations.md'), 'alerts lead there');
  assert.deepEqual(
    paths.filter((path) => /^(?:tests|bench|chaos|docs\/images|\.)/.test(path)),
    [],
  );
});
