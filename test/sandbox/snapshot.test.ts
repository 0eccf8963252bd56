// SnapStart in the sandbox: environments that are copies of an initialised process, and confined like all others.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import type { Environment, EnvironmentSpec, OutputChunk, Snapshot } from '../../src/sandbox/types.ts';
import { openTestSandbox, python } from './harness.ts';

const bench = await openTestSandbox({ pooled: true });
const skip = bench.skipReason !== false ? bench.skipReason : process.getuid?.() !== 0 ? 'copies are made by root' : process.arch !== 'x64' ? 'the copier is built for x86-64' : false;
let count = 0;

function specOf(source: string, options: Partial<EnvironmentSpec> & { readonly chunks?: OutputChunk[] } = {}): EnvironmentSpec {
  const { chunks, ...rest } = options;
  count += 1;
  const codeFolder = join(bench.folder, `snapshot-${count}`);
  mkdirSync(codeFolder, { mode: 0o755 });
  writeFileSync(join(codeFolder, 'app.py'), source);
  return {
    environmentId: `snapshot-${count}`, runtime: python, handler: 'app.handler', codeFolder, memoryMegabytes: 1769, ephemeralStorageMegabytes: 512, initTimeoutMs: 20_000,
    variables: { AWS_LAMBDA_LOG_STREAM_NAME: 'template', LANG: 'en_US.UTF-8', TZ: ':UTC' }, onOutput: (chunk) => chunks?.push(chunk), ...rest,
  };
}

async function take(spec: EnvironmentSpec): Promise<Snapshot> {
  const outcome = await bench.sandbox.takeSnapshot(spec);
  assert.ok(outcome.kind === 'taken', JSON.stringify(outcome));
  return outcome.snapshot;
}

async function restore(snapshot: Snapshot, spec: EnvironmentSpec, stream: string, more: Partial<EnvironmentSpec> = {}): Promise<Environment> {
  count += 1;
  const environment = await snapshot.restore({ ...spec, environmentId: `restored-${count}`, variables: { ...spec.variables, AWS_LAMBDA_LOG_STREAM_NAME: stream }, ...more });
  const init = await environment.init;
  assert.equal(init.kind, 'ready', JSON.stringify(init, (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value)));
  return environment;
}

async function call(environment: Environment, event: unknown = {}, timeoutMs = 20_000): Promise<Record<string, unknown>> {
  const requestId = '11111111-2222-3333-4444-555555555555';
  const outcome = await environment.invoke({ requestId, event: Buffer.from(JSON.stringify(event)), deadlineMs: Date.now() + timeoutMs, invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:probe:1' });
  assert.ok(outcome.kind === 'response', outcome.kind === 'function-error' ? Buffer.from(outcome.payload).toString() : JSON.stringify(outcome));
  return JSON.parse(Buffer.from(outcome.payload).toString()) as Record<string, unknown>;
}

test('the prebuilt copier is the one that was built from the sources that are here', () => {
  const native = join(packageRoot, 'src', 'sandbox', 'native');
  const record = JSON.parse(readFileSync(join(native, 'prebuilt', 'clone.json'), 'utf8')) as Record<string, { source: string; sha256: string }>;
  const hash = (paths: readonly string[]): string => {
    const digest = createHash('sha256');
    for (const path of paths) digest.update(readFileSync(join(native, path))).update('\0');
    return digest.digest('hex');
  };
  assert.deepEqual(record, { x64: { source: hash(['place.h', 'place.c', 'snapshot/clone.c']), sha256: hash(['prebuilt/x64/haneul-clone']) } });
});

const stateful = `
import os, random, secrets, ssl, time, uuid, threading
from snapshot_restore_py import register_before_snapshot, register_after_restore
order = []
@register_before_snapshot
def first(): order.append('before 1')
register_before_snapshot(lambda name: order.append(name), 'before 2')
@register_after_restore
def third(): order.append('after 1')
register_after_restore(lambda name: order.append(name), name='after 2')
marker = uuid.uuid4().hex
random.random(); ssl.RAND_bytes(8)
open('/tmp/written', 'w').write('at init')
kept = open('/tmp/written')
kept.read(3)
count = 0
os.environ['SET_AT_INIT'] = 'yes'

def status():
    return dict(line.split(':\\t', 1) for line in open('/proc/self/status').read().splitlines() if ':\\t' in line)

def handler(event, context):
    global count
    count += 1
    if event.get('write'): open('/tmp/written', 'w').write(event['write'])
    now = status()
    return {'marker': marker, 'order': order, 'count': count, 'stream': context.log_stream_name, 'env': os.environ['AWS_LAMBDA_LOG_STREAM_NAME'],
            'init': os.environ['SET_AT_INIT'], 'file': open('/tmp/written').read(), 'rest': kept.read() if event.get('read') else None,
            'random': [random.random(), secrets.token_hex(8), str(uuid.uuid4()), ssl.RAND_bytes(8).hex()], 'time': time.time(),
            'status': {name: now[name] for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp')},
            'processes': sorted(int(name) for name in os.listdir('/proc') if name.isdigit()), 'pid': os.getpid(), 'uid': os.getuid(),
            'user': __import__('pwd').getpwuid(os.getuid()).pw_name, 'interfaces': [name for _, name in __import__('socket').if_nameindex()]}
`;

test('a snapshot is restored into environments that share what init left and nothing that comes after', { skip }, async () => {
  const spec = specOf(stateful);
  const snapshot = await take(spec);
  const one = await restore(snapshot, spec, 'one');
  const two = await restore(snapshot, spec, 'two');
  const first = await call(one, { write: 'by one', read: true });
  const second = await call(two, { read: true });
  assert.equal(first['marker'], second['marker'], 'what init made is the same');
  assert.deepEqual(first['order'], ['before 2', 'before 1', 'after 1', 'after 2']);
  assert.deepEqual([first['stream'], first['env'], second['stream']], ['one', 'one', 'two']);
  assert.equal(first['init'], 'yes');
  assert.deepEqual([first['file'], second['file']], ['by one', 'at init'], '/tmp is a copy for each');
  assert.equal(second['rest'], 'init', 'an open file keeps its position, of its own');
  const [a, b] = [first['random'] as unknown[], second['random'] as unknown[]];
  a.forEach((value, index) => assert.notEqual(value, b[index], `random ${index}`));
  const third = await call(await restore(snapshot, spec, 'three'));
  assert.equal(third['count'], 1);
  assert.equal((await call(one))['count'], 2);
  await snapshot.close();
  await Promise.all([one.exited, two.exited]);
  assert.equal(snapshot.isAlive, false);
});

test('a restored environment is confined like any other', { skip }, async () => {
  const spec = specOf(`${stateful}
import ctypes, errno
def attack(event, context):
    libc = ctypes.CDLL(None, use_errno=True)
    refused = {}
    for name, run in {'unshare user': lambda: libc.unshare(0x10000000), 'setuid 0': lambda: libc.setuid(0), 'mount': lambda: libc.mount(b'none', b'/mnt', b'tmpfs', 0, None),
                      'umount /tmp': lambda: libc.umount2(b'/tmp', 2), 'umount /proc': lambda: libc.umount2(b'/proc', 2), 'ptrace': lambda: libc.ptrace(16, 1, 0, 0)}.items():
        refused[name] = run() < 0
    try:
        open('/usr/written', 'w')
        refused['write /usr'] = False
    except OSError:
        refused['write /usr'] = True
    try:
        open('/proc/sys/kernel/hostname', 'w').write('x')
        refused['write /proc/sys'] = False
    except OSError:
        refused['write /proc/sys'] = True
    return {'refused': refused, 'loopback': reach()}
def reach():
    import socket
    server = socket.create_server(('127.0.0.1', 0))
    socket.create_connection(server.getsockname()).close()
    return True
def choose(event, context):
    return attack(event, context) if event.get('attack') else handler(event, context)
`, { handler: 'app.choose' });
  const snapshot = await take(spec);
  const environment = await restore(snapshot, spec, 'one');
  const other = await restore(snapshot, spec, 'two');
  const seen = await call(environment);
  const none = '0000000000000000';
  assert.deepEqual(seen['status'], { CapInh: none, CapPrm: none, CapEff: none, CapBnd: none, CapAmb: none, NoNewPrivs: '1', Seccomp: '2' });
  assert.deepEqual(seen['processes'], [1, seen['pid']], 'no other process is seen');
  assert.equal(seen['user'], 'sbx_user1051');
  const { refused, loopback } = await call(environment, { attack: true });
  for (const [name, isRefused] of Object.entries(refused as object)) assert.equal(isRefused, true, name);
  assert.equal(loopback, true);
  assert.equal((await call(other))['count'], 1);
  await snapshot.close();
});

test('limits hold in a restored environment: memory, time, and one end that leaves the others', { skip }, async () => {
  const chunks: OutputChunk[] = [];
  const spec = specOf(`
import os, time
heap = bytearray(40 << 20)
def handler(event, context):
    print('handling', event)
    if 'megabytes' in event: hold = bytearray(os.urandom(1) * (event['megabytes'] << 20))
    if 'sleep' in event: time.sleep(event['sleep'])
    if 'exit' in event: os._exit(event['exit'])
    return {'ok': True}
`, { memoryMegabytes: 128, chunks });
  const snapshot = await take(spec);
  const start = (): Promise<Environment> => restore(snapshot, spec, 'x');
  const invoke = async (environment: Environment, event: object, timeoutMs = 20_000) =>
    environment.invoke({ requestId: 'r-1', event: Buffer.from(JSON.stringify(event)), deadlineMs: Date.now() + timeoutMs, invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:probe:1' });
  const [big, slow, ending, well] = [await start(), await start(), await start(), await start()];
  const killed = await invoke(big, { megabytes: 400 });
  assert.ok(killed.kind === 'exited' && killed.exit.outOfMemory, JSON.stringify(killed));
  assert.deepEqual(await invoke(slow, { sleep: 60 }, 300), { kind: 'timeout' });
  await slow.exited;
  const left = await invoke(ending, { exit: 7 });
  assert.ok(left.kind === 'exited', JSON.stringify(left));
  assert.equal(left.exit.code, 7);
  assert.equal((await invoke(well, {})).kind, 'response');
  assert.match(chunks.map(({ text }) => text).join(''), /handling \{\}/);
  assert.equal(snapshot.isAlive, true);
  await snapshot.close();
});

test('what cannot be copied is said: threads, processes, event loops; and a failing hook fails the init', { skip }, async () => {
  const reasons: Record<string, RegExp> = {
    'import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()': /started threads/,
    "import subprocess\nchild = subprocess.Popen(['sleep', '60'])": /started other processes/,
    'import asyncio\nloop = asyncio.new_event_loop()': /holds open anon_inode/,
    'import mmap\nshared = mmap.mmap(-1, 4096)': /memory that it shares/,
  };
  for (const [source, reason] of Object.entries(reasons)) {
    const outcome = await bench.sandbox.takeSnapshot(specOf(`${source}\ndef handler(event, context): return {}\n`));
    assert.ok(outcome.kind === 'unavailable', `${source}: ${outcome.kind}`);
    assert.match(outcome.reason, reason);
  }
  const failing = await bench.sandbox.takeSnapshot(specOf('from snapshot_restore_py import *\n@register_before_snapshot\ndef fail(): raise ValueError("not now")\ndef handler(event, context): return {}\n'));
  assert.ok(failing.kind === 'failed' && failing.init.kind === 'init-error');
  assert.match(Buffer.from(failing.init.payload).toString(), /Runtime\.BeforeSnapshotError/);
  const spec = specOf('from snapshot_restore_py import *\n@register_after_restore\ndef fail(): raise ValueError("not now")\ndef handler(event, context): return {}\n');
  const snapshot = await take(spec);
  const environment = await snapshot.restore({ ...spec, environmentId: 'restored-failing' });
  const init = await environment.init;
  assert.ok(init.kind === 'init-error');
  assert.match(Buffer.from(init.payload).toString(), /Runtime\.AfterRestoreError/);
  await snapshot.close();
});
