// A made-up pasta: the real one wants a user who is not root and a machine with /dev/net/tun.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createLogger } from '../../base/log.ts';
import type { LogRecord } from '../../base/log.ts';
import { openPastaEgress } from './pastaEgress.ts';

interface Bench {
  readonly connect: (pid: number) => Promise<() => Promise<void>>;
  readonly close: () => Promise<void>;
  readonly logs: readonly LogRecord[];
  readonly calls: () => string;
}

async function openBench(t: TestContext, script: string): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-pasta-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const pasta = join(folder, 'pasta');
  writeFileSync(pasta, `#!/bin/sh\necho "$@" >> ${folder}/calls\n${script}\n`, { mode: 0o755 });
  const logs: LogRecord[] = [];
  const way = await openPastaEgress({ pasta, log: createLogger((record) => logs.push(record), 'info') });
  assert.ok(typeof way !== 'string');
  return { connect: way.connect, close: way.close, logs, calls: () => readFileSync(join(folder, 'calls'), 'utf8') };
}

/** As the real one: it opens the file that --pid names, and stays. */
const works = 'for last; do :; done; while [ "$1" != --pid ]; do shift; done; echo $$ > "$2"; exec sleep 600';

test('openPastaEgress waits until pasta is ready, and ends it when the environment has ended', async (t) => {
  const { connect, logs, calls } = await openBench(t, works);
  const disconnect = await connect(4711);
  assert.match(calls(), / 4711\n$/);
  // Resolves when no process of it holds its output any more.
  await disconnect();
  await disconnect();
  assert.deepEqual(logs, []);
});

test('openPastaEgress ends what runs when the server closes', async (t) => {
  const { connect, close } = await openBench(t, works);
  const disconnect = await connect(4711);
  await close();
  await disconnect();
});

test('openPastaEgress tells why pasta did not start, and the function runs without', async (t) => {
  const { connect, logs } = await openBench(t, 'echo "Failed to send 45 bytes to syslog" >&2; echo "Failed to open tun socket in namespace" >&2; exit 1');
  const disconnect = await connect(4711);
  await disconnect();
  assert.deepEqual(logs.map(({ text, fields }) => [text, fields['error']]), [['a function could not be given the internet', 'pasta: Failed to open tun socket in namespace']]);
});
