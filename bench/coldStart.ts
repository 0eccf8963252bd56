// What the first request of an environment costs, from `start` to its answer, fully hardened and with the default /tmp: taken
// from the pool (hit), started from nothing (miss), and sixteen at once from a pool of sixteen; and what a slot that waits takes of
// memory. Beside the yardstick of the same run. `npm run bench -- coldStart [--quick | --long]`, as root.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/base/packageRoot.ts';
import { wallClock } from '../src/base/clock.ts';
import { createLogger } from '../src/base/log.ts';
import { cryptoRandom } from '../src/base/random.ts';
import { openSandbox } from '../src/sandbox/openSandbox.ts';
import type { Environment, EnvironmentSpec, RuntimeKind, Sandbox } from '../src/sandbox/types.ts';
import { bySize } from './support/extent.ts';
import { loadHttp, postRequest } from './support/loadHttp.ts';
import { report, type Row } from './support/report.ts';
import { startYardstick } from './support/yardstick.ts';

const samples = bySize({ quick: 5, usual: 30, long: 60 });
const rounds = bySize({ quick: 1, usual: 3, long: 5 });
const atOnce = 16;
const event = Buffer.from(JSON.stringify({ hello: 'world', list: [1, 2, 3], text: 'fifty-five bytes' }));

interface Subject {
  readonly name: string;
  readonly runtime: RuntimeKind;
  readonly handler: string;
  readonly file: string;
  readonly source: string;
  /** Makes the package of what cannot run as it is; answers why it cannot here. */
  readonly compile?: (folder: string) => string | undefined;
}

// The least that a custom runtime does: ask, answer with the event, ask again.
const staticProgram = `
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
static char answer[65536], reply[131072];
static size_t ask(int fd, const char *request, size_t length) {
  if (write(fd, request, length) < 0) exit(1);
  size_t have = 0;
  for (;;) {
    ssize_t count = read(fd, answer + have, sizeof answer - 1 - have);
    if (count <= 0) exit(1);
    answer[have += (size_t)count] = 0;
    char *body = strstr(answer, "\\r\\n\\r\\n"), *size = strcasestr(answer, "content-length: ");
    if (body && size && have >= (size_t)(body + 4 - answer) + (size_t)atol(size + 16)) return (size_t)atol(size + 16);
  }
}
int main(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9001), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) return 1;
  for (;;) {
    static const char next[] = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n";
    size_t bytes = ask(fd, next, sizeof next - 1);
    char id[128] = "", *found = strcasestr(answer, "lambda-runtime-aws-request-id: ");
    if (found) sscanf(found + 31, "%127[^\\r]", id);
    int head = snprintf(reply, sizeof reply, "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: %zu\\r\\n\\r\\n", id, bytes);
    memcpy(reply + head, strstr(answer, "\\r\\n\\r\\n") + 4, bytes);
    ask(fd, reply, (size_t)head + bytes);
  }
}
`;

const javaProgram = `package hello;
public class Hello {
  public java.util.Map<String, Object> handle(java.util.Map<String, Object> event) {
    return event;
  }
}
`;

const subjects: readonly Subject[] = [
  { name: 'Node.js', runtime: { family: 'node', version: '20' }, handler: 'index.handler', file: 'index.js', source: 'exports.handler = async (event) => event;' },
  { name: 'Python', runtime: { family: 'python', version: '3.12' }, handler: 'app.handler', file: 'app.py', source: 'def handler(event, context):\n    return event\n' },
  { name: 'static program', runtime: { family: 'custom' }, handler: 'bootstrap', file: 'main.c', source: staticProgram, compile: compileC },
  { name: 'Java', runtime: { family: 'java', version: '17' }, handler: 'hello.Hello::handle', file: 'Hello.java', source: javaProgram, compile: compileJava },
];

const folder = mkdtempSync(join(tmpdir(), 'haneul-bench-'));
let count = 0;
try {
  const rows: Row[] = [await measureEcho()];
  const notes: string[] = [];
  for (const subject of subjects) {
    mkdirSync(join(folder, subject.name));
    writeFileSync(join(folder, subject.name, subject.file), subject.source);
    const missing = subject.compile?.(join(folder, subject.name));
    if (missing !== undefined) {
      notes.push(`${subject.name}: not run, ${missing}`);
      continue;
    }
    if (subject.runtime.family === 'java') await makeArchive(subject);
    say(`${subject.name} …`);
    rows.push(await measure(subject, 'miss', { minimum: 0, maximum: 0 }));
    rows.push(await measure(subject, 'hit', { minimum: 2, maximum: 2 }));
    // Sixteen virtual machines at once measure the processors.
    if (subject.runtime.family === 'java') continue;
    const storm = await measureStorm(subject);
    rows.push(storm.row);
    notes.push(storm.note);
  }
  say('Python SnapStart …');
  rows.push(...(await measureRestores()));
  say('Node.js with the AWS SDK …');
  rows.push(await measureSdk());
  report('cold-start', rows, [...notes, `${samples} starts one by one; ${rounds} times ${atOnce} at once; a hit needs root, and counts as one only if the pool says so`]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function compileC(target: string): string | undefined {
  return spawnSync('gcc', ['-O2', '-D_GNU_SOURCE', '-static', '-o', join(target, 'bootstrap'), join(target, 'main.c')], { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0 ? undefined : 'gcc makes no static program here';
}

function compileJava(target: string): string | undefined {
  return spawnSync('javac', ['-Xlint:-options', '--release', '11', '-d', target, join(target, 'Hello.java')], { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0 ? undefined : 'javac is not installed';
}

/** The first function in Java of a machine has AWS's client fetched and the archive of classes made; none is measured without. */
async function makeArchive(subject: Subject): Promise<void> {
  await withSandbox({ minimum: 0, maximum: 0 }, async (sandbox) => {
    await (await cold(sandbox, subject)).environment.kill();
    const hasArchive = (): boolean => readdirSync(join(packageRoot, '.cache', 'functions'), { recursive: true }).some((name) => String(name).endsWith('.jsa'));
    while (!hasArchive()) await pause(100);
  });
}

async function measureEcho(): Promise<Row> {
  const yardstick = await startYardstick();
  const result = await loadHttp({ port: yardstick.port, request: postRequest('/echo', event.toString(), 'lambda'), connections: 1, requests: 2_000, millisecondsMax: 4_000 });
  await yardstick.stop();
  return { path: 'yardstick echo', 'p50 ms': (result.p50Microseconds / 1_000).toFixed(2), 'p99 ms': (result.p99Microseconds / 1_000).toFixed(2), 'max ms': '', starts: result.answered };
}

async function measure(subject: Subject, kind: 'hit' | 'miss', slots: { readonly minimum: number; readonly maximum: number }): Promise<Row> {
  return withSandbox(slots, async (sandbox) => {
    const milliseconds: number[] = [];
    for (let sample = 0; sample < samples; sample += 1) {
      await untilIdle(sandbox, subject, slots.minimum);
      const started = await cold(sandbox, subject);
      milliseconds.push(started.milliseconds);
      await started.environment.kill();
    }
    const misses = sandbox.pools().reduce((sum, pool) => sum + pool.misses, 0);
    if (misses > 0) throw new Error(`${misses} starts found no slot`);
    return row(`${subject.name} ${kind}`, milliseconds);
  });
}

/** Restores of a function with a heap of 60 MB: with a copy that waits for it, and right after that one was taken. */
async function measureRestores(): Promise<Row[]> {
  const subject: Subject = {
    name: 'SnapStart', runtime: { family: 'python', version: '3.12' }, handler: 'app.handler', file: 'app.py',
    source: "heap = [bytes(1000) for _ in range(60_000)]\ndef handler(event, context):\n    return len(heap)\n",
  };
  mkdirSync(join(folder, subject.name));
  writeFileSync(join(folder, subject.name, subject.file), subject.source);
  return withSandbox({ minimum: 0, maximum: 0 }, async (sandbox) => {
    const taken = await sandbox.takeSnapshot(specOf(subject));
    if (taken.kind !== 'taken') {
      say(`no snapshot: ${taken.kind === 'unavailable' ? taken.reason : taken.kind}`);
      return [];
    }
    const start = (spec: EnvironmentSpec): Promise<Environment> => taken.snapshot.restore(spec);
    const [waiting, made]: [number[], number[]] = [[], []];
    for (let sample = 0; sample < samples; sample += 1) {
      await pause(500);
      const first = await cold(sandbox, subject, start);
      const second = await cold(sandbox, subject, start);
      waiting.push(first.milliseconds);
      made.push(second.milliseconds);
      await Promise.all([first.environment.kill(), second.environment.kill()]);
    }
    return [row('Python SnapStart restore, 60 MB heap', waiting), row('the same, with no copy waiting', made)];
  });
}

/** The S3 client of the SDK that comes with the runtime, from a slot; its first start fetches what is missing and builds the code cache. */
async function measureSdk(): Promise<Row> {
  const subject: Subject = {
    name: 'Node.js SDK', runtime: { family: 'node', version: '20' }, handler: 'index.handler', file: 'index.js',
    source: "const { S3Client } = require('@aws-sdk/client-s3');\nconst client = new S3Client({ region: 'us-east-1' });\nexports.handler = async (event) => typeof client.send;",
  };
  mkdirSync(join(folder, subject.name));
  writeFileSync(join(folder, subject.name, subject.file), subject.source);
  return withSandbox({ minimum: 2, maximum: 2 }, async (sandbox) => {
    const milliseconds: number[] = [];
    await (await cold(sandbox, subject)).environment.kill();
    await pause(3_000);
    for (let sample = 0; sample < samples; sample += 1) {
      await untilIdle(sandbox, subject, 2);
      const started = await cold(sandbox, subject);
      milliseconds.push(started.milliseconds);
      await started.environment.kill();
    }
    return row('Node.js with the S3 client, hit', milliseconds);
  }, join(packageRoot, '.cache'));
}

async function measureStorm(subject: Subject): Promise<{ readonly row: Row; readonly note: string }> {
  return withSandbox({ minimum: atOnce, maximum: atOnce }, async (sandbox) => {
    const wholes: number[] = [];
    let note = '';
    for (let round = 0; round < rounds; round += 1) {
      await untilIdle(sandbox, subject, atOnce);
      note = `${subject.name}: ${(proportionalKibibytes() / 1024 / atOnce).toFixed(1)} MiB of memory (PSS) for each of ${atOnce} idle slots, their part of bubblewrap with them`;
      const startedAt = performance.now();
      const started = await Promise.all(Array.from({ length: atOnce }, () => cold(sandbox, subject)));
      wholes.push(performance.now() - startedAt);
      await Promise.all(started.map(({ environment }) => environment.kill()));
    }
    return { row: row(`${subject.name} ${atOnce} at once, all`, wholes), note };
  });
}

async function withSandbox<T>(slots: { readonly minimum: number; readonly maximum: number }, work: (sandbox: Sandbox) => Promise<T>, cacheFolder = join(packageRoot, '.cache', 'functions')): Promise<T> {
  count += 1;
  const log = createLogger((record) => say(record.text), 'error');
  const sandbox = await openSandbox({ folder: join(folder, `sandbox-${count}`), wall: wallClock, random: cryptoRandom, log, environment: process.env, slots, cacheFolder });
  try {
    return await work(sandbox);
  } finally {
    await sandbox.close();
  }
}

function specOf({ name, runtime, handler }: Subject): EnvironmentSpec {
  count += 1;
  return {
    environmentId: `cold-${count}`, runtime, handler, codeFolder: join(folder, name), variables: { LANG: 'en_US.UTF-8', TZ: ':UTC', SAMPLE: String(count) },
    memoryMegabytes: 1769, ephemeralStorageMegabytes: 512, initTimeoutMs: 10_000, onOutput: () => undefined,
  };
}

interface Cold {
  readonly milliseconds: number;
  readonly environment: Environment;
}

/** From nothing to an answer; the end of the environment is not part of it. */
async function cold(sandbox: Sandbox, subject: Subject, start: (spec: EnvironmentSpec) => Promise<Environment> = sandbox.start): Promise<Cold> {
  const startedAt = performance.now();
  const environment = await start(specOf(subject));
  await expectReady(environment);
  const outcome = await environment.invoke({ requestId: `request-${count}`, event, deadlineMs: wallClock.now() + 10_000, invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:cold' });
  const milliseconds = performance.now() - startedAt;
  if (outcome.kind !== 'response') throw new Error(`no response but ${outcome.kind}`);
  return { milliseconds, environment };
}

async function expectReady(environment: Environment): Promise<void> {
  const init = await environment.init;
  if (init.kind !== 'ready') throw new Error(`not ready but ${init.kind}`);
}

async function untilIdle(sandbox: Sandbox, subject: Subject, wanted: number): Promise<void> {
  if (wanted > 0) sandbox.expect(specOf(subject));
  while (wanted > 0 && !sandbox.pools().some(({ idle }) => idle >= wanted)) await pause(20);
  // What the last start set off (exits, a group's removal) is not part of the next.
  await pause(wanted > 0 ? 150 : 50);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Of everything below this process, except what is not a slot: the helper, whose part is small. */
function proportionalKibibytes(): number {
  const pids = [process.pid];
  let sum = 0;
  for (let index = 0; index < pids.length; index += 1) {
    try {
      const pid = pids[index];
      if (index > 0) sum += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0);
      pids.push(...readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number));
    } catch {
      // It ended between two looks.
    }
  }
  return sum;
}

function row(path: string, milliseconds: readonly number[]): Row {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  return { path, 'p50 ms': at(0.5), 'p99 ms': at(0.99), 'max ms': at(1), starts: sorted.length };
}

function say(text: string): void {
  process.stderr.write(`haneul bench: ${text}\n`);
}
