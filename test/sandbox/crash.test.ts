import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { wallClock } from '../../src/base/clock.ts';
import { createLogger } from '../../src/base/log.ts';
import { cryptoRandom } from '../../src/base/random.ts';
import { findExecutable } from '../../src/sandbox/launcher/tools.ts';
import { openSandbox } from '../../src/sandbox/openSandbox.ts';

const hasBubblewrap = findExecutable('bwrap', process.env) !== undefined;

// Ignores every signal and end of input, in both kinds of runtime, and is found by its name.
const stubborn = (name: string): string => `
import os, signal, time
for s in range(1, 32):
    try: signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError): pass
open("/proc/self/comm", "w").write("${name}")
if os.fork() == 0:
    os.setsid()
    while True: time.sleep(1)
`;

for (const isolation of ['strongest', 'none'] as const) {
  test(`a server that is killed leaves nothing that survives the next start (isolation: ${isolation})`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'haneul-crash-test-'));
    const name = `hn${process.pid % 100_000}${isolation.slice(0, 4)}`;
    const code = join(folder, 'code');
    mkdirSync(code);
    writeFileSync(join(code, 'app.py'), `${stubborn(name)}\ndef handler(event, context): pass\n`);
    const poll = 'import http.client, os\napi = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])\napi.request("GET", "/2018-06-01/runtime/invocation/next")\n';
    writeFileSync(join(code, 'bootstrap'), `#!/usr/bin/python3\n${stubborn(name)}\n${poll}\nwhile True: time.sleep(1)\n`, { mode: 0o755 });
    const state = join(folder, 'sandbox');
    try {
      const server = spawn(process.execPath, [fileURLToPath(new URL('./crashServer.js', import.meta.url)), state, code, isolation], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      server.stdout.setEncoding('utf8');
      for await (const part of server.stdout) {
        text += String(part);
        if (text.includes('ready')) break;
      }
      assert.ok(namedProcesses(name).length >= 4, text);
      server.kill('SIGKILL');
      // bubblewrap's tree goes with the server; without it the next start ends what is left.
      if (isolation === 'strongest' && hasBubblewrap) await eventually(() => namedProcesses(name).length === 0);
      const texts: string[] = [];
      const next = await openSandbox({
        folder: state, wall: wallClock, random: cryptoRandom, environment: process.env, isolation, log: createLogger((record) => texts.push(record.text), 'info'),
      });
      await eventually(() => namedProcesses(name).length === 0);
      assert.deepEqual(readdirSync(join(state, 'environments')), []);
      assert.ok(texts.includes('leftovers of an earlier run removed'));
      assert.ok(!readFileSync('/proc/self/mountinfo', 'latin1').includes(state));
      await next.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function namedProcesses(name: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/comm`, 'latin1').trim() === name;
    } catch {
      return false;
    }
  });
}

async function eventually(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 300 && !condition(); round += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(condition());
}
