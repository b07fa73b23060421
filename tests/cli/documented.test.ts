/** What the documents tell a reader to type is there: commands, verbs and options. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Command } from 'commander';
import { commandLine } from '../../src/main.ts';
import { fakeTerminal } from './fake-terminal.ts';

const ROOT = new URL('../../', import.meta.url);
const names = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
for (const name of readdirSync(new URL('docs/', ROOT))) if (name.endsWith('.md')) names.push(`docs/${name}`);

/** In code, between backticks or on a line of its own. */
const TYPED = /`(?:npx )?newsrank ([a-z][^`]*)`|^ {4}(?:.* && )?(?:npx )?newsrank ([a-z].*)$/gm;

/** What is wrong with the words after `newsrank`; undefined where all is well. */
function mistakeIn(typed: string): string | undefined {
  const words = typed.split(/\s+#\s/)[0]?.split(/[\s,]+/) ?? [];
  let command: Command = commandLine(fakeTerminal());
  let depth = 0;
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) break;
    command = next;
    depth++;
  }
  const [rest = ''] = words.slice(depth);
  const isVerb = /^[a-z-]+$/.test(rest) && !rest.startsWith('-');
  if (depth === 0 || (isVerb && command.registeredArguments.length === 0)) return `there is no ${rest}`;
  const known = [command, ...(command.parent ? [command.parent] : [])].flatMap(({ options }) => options);
  const told = words.filter((word) => word.startsWith('--'));
  const unknown = told.find((word) => !known.some(({ long }) => long === word.replace(/=.*/, '')));
  return unknown && `${command.name()} has no ${unknown}`;
}

test('each command of the documents exists, with its options', () => {
  let found = 0;
  for (const name of names) {
    for (const [, inline, line] of readFileSync(new URL(name, ROOT), 'utf8').matchAll(TYPED)) {
      const typed = (inline ?? line ?? '').trim();
      found++;
      assert.equal(mistakeIn(typed), undefined, `${name}: newsrank ${typed}`);
    }
  }
  assert.ok(found > 50, `${found} commands`);
});

test('what does not exist is found', () => {
  assert.equal(mistakeIn('rankings exclude'), 'there is no exclude');
  assert.equal(mistakeIn('dance'), 'there is no dance');
  assert.equal(mistakeIn('feeds list --colour'), 'list has no --colour');
  assert.equal(mistakeIn('backup FILE'), undefined);
});
