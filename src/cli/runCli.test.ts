import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from './runCli.ts';
import { createFakeTerminal } from './fakeTerminal.ts';
import { nearest } from './nearest.ts';
import { wantsColours } from './terminal.ts';

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = createFakeTerminal();
  const code = await runCli(args, terminal);
  return { code, out: terminal.printed.join('\n'), err: terminal.noted.join('\n') };
}

test('runCli without a command lists every command and succeeds', async () => {
  const { code, out } = await run();
  assert.equal(code, 0);
  for (const name of ['start', 'stop', 'status', 'env', 'invoke NAME', 'logs NAME', 'reset', 'doctor']) assert.ok(out.includes(`  ${name}`), name);
});

test('runCli answers --version with the version alone', async () => {
  const { code, out } = await run('--version');
  assert.equal(code, 0);
  assert.match(out, /^\d+\.\d+\.\d+$/);
});

test('runCli explains one command with help, --help and -h alike', async () => {
  const wanted = await run('start', '--help');
  assert.equal(wanted.code, 0);
  assert.match(wanted.out, /--data-dir DIR/);
  assert.match(wanted.out, /--auth local\|strict/);
  assert.deepEqual(await run('help', 'start'), wanted);
  assert.deepEqual(await run('start', '-h'), wanted);
});

test('runCli refuses an unknown command with the nearest one and exit code 2', async () => {
  const { code, err } = await run('stat');
  assert.equal(code, 2);
  assert.equal(err, 'haneul: haneul has no command "stat".\n  Did you mean: npx haneul status');
  assert.match((await run('frobnicate')).err, /--help/);
});

test('runCli refuses an unknown option in one line with a suggestion', async () => {
  const { code, err } = await run('start', '--prot', '4567');
  assert.equal(code, 2);
  assert.equal(err, 'haneul: haneul start has no option --prot.\n  Did you mean --port?');
});

test('runCli refuses an option without its value, also when the next word is an option', async () => {
  assert.match((await run('start', '--port')).err, /--port needs a value: --port PORT/);
  assert.match((await run('start', '--data-dir', '--memory')).err, /--data-dir needs a value/);
  assert.match((await run('start', '--memory=yes')).err, /--memory takes no value/);
});

test('runCli refuses a value that is not one of the choices', async () => {
  const { code, err } = await run('start', '--auth', 'strikt');
  assert.equal(code, 2);
  assert.equal(err, 'haneul: --auth is local or strict, not "strikt".\n  Did you mean --auth strict?');
});

test('runCli refuses operands that nobody asked for', async () => {
  assert.match((await run('status', 'now')).err, /does not take "now"/);
});

test('nearest guesses typing errors and stays silent about the rest', () => {
  assert.equal(nearest('memroy', ['port', 'memory', 'host']), 'memory');
  assert.equal(nearest('log', ['auth', 'log-level']), 'log-level');
  assert.equal(nearest('xyzzy', ['port', 'memory', 'host']), undefined);
});

test('wantsColours follows the terminal, NO_COLOR and a dumb TERM', () => {
  assert.equal(wantsColours({}, true), true);
  assert.equal(wantsColours({}, false), false);
  assert.equal(wantsColours({ NO_COLOR: '1' }, true), false);
  assert.equal(wantsColours({ NO_COLOR: '' }, true), true);
  assert.equal(wantsColours({ TERM: 'dumb' }, true), false);
});
