import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilStopped } from '../../src/cli/until-stopped.ts';

test('who is told to stop while it runs is stopped', async () => {
  const { terminal, said, ask } = watched();
  const running = untilStopped(terminal, async () => said.app, said);
  await turn();
  assert.deepEqual(said.lines, ['ready']);
  ask('SIGTERM');
  await running;
  assert.deepEqual(said.lines, ['ready', 'SIGTERM', 'stopped']);
});

test('who is told to stop while it starts goes no further, and that is no failure', async () => {
  const { terminal, said, ask } = watched();
  const opening = async (stopping: AbortSignal) => {
    await turn();
    stopping.throwIfAborted();
    return said.app;
  };
  const running = untilStopped(terminal, opening, said);
  ask('SIGINT');
  await running;
  assert.deepEqual(said.lines, ['SIGINT']);
});

test('who had gone too far to turn back is stopped as soon as it runs', async () => {
  const { terminal, said, ask } = watched();
  const running = untilStopped(
    terminal,
    async () => {
      await turn();
      return said.app;
    },
    said,
  );
  ask('SIGTERM');
  await running;
  assert.deepEqual(said.lines, ['SIGTERM', 'ready', 'stopped']);
});

test('what keeps it from starting is told, stopped or not', async () => {
  const { terminal, said, ask } = watched();
  const failing = async () => {
    await turn();
    throw new Error('no database');
  };
  const running = untilStopped(terminal, failing, said);
  ask('SIGTERM');
  await assert.rejects(running, /no database/);
});

function watched() {
  let ask: (signal: string) => void = () => {};
  const terminal = {
    stopAsked: () =>
      new Promise<string>((resolve) => {
        ask = resolve;
      }),
  };
  const lines: string[] = [];
  const app = { url: 'http://127.0.0.1:1', stop: async () => void lines.push('stopped') };
  const said = {
    lines,
    app,
    onReady: () => void lines.push('ready'),
    onStop: (signal: string) => void lines.push(signal),
  };
  return { terminal, said, ask: (signal: string) => ask(signal) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
