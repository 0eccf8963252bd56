// Code that tries to get out, to see what is not its own, or to wear the server down. Each probe reports what it managed to do.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { custom, node, openTestSandbox, python } from './harness.ts';
import type { FunctionOptions, TestFunction } from './harness.ts';

const isPooled = process.env['HANEUL_TEST_POOLED'] === '1';
const { start, sandbox, folder, logs, skipReason } = await openTestSandbox({ pooled: isPooled });
export { sandbox };
const skip = skipReason;
const isRoot = process.getuid?.() === 0;
const hasKernelLimits = sandbox.guarantees.some(({ name, on }) => name === 'memory is limited by the kernel' && on);

const secret = 'haneul-secret-7f3a';
const secretFile = join(folder, 'secret.txt');
mkdirSync(folder, { recursive: true });
writeFileSync(secretFile, secret, { mode: 0o644 });
process.env['HANEUL_TEST_SECRET'] = secret;

async function run(options: FunctionOptions, body: (started: TestFunction) => Promise<void>): Promise<void> {
  const started = await start(options);
  try {
    await body(started);
  } finally {
    await started.environment.kill();
  }
}

const runPython = (source: string, body: (started: TestFunction) => Promise<void>, options: Partial<FunctionOptions> = {}) =>
  run({ runtime: python, files: { 'app.py': source }, ...options }, body);
const runNode = (source: string, body: (started: TestFunction) => Promise<void>, options: Partial<FunctionOptions> = {}) =>
  run({ runtime: node, files: { 'index.js': source }, ...options }, body);

test('a function has no capability, no root, no new privileges, and a filter', { skip }, async () => {
  const source = `
import re
def handler(event, context):
    seen = {}
    for pid in ("self", "1"):
        status = open("/proc/%s/status" % pid).read()
        seen[pid] = {k: re.search(k + r":\\s+(\\S+)", status).group(1) for k in ("Uid", "CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")}
    return seen
`;
  await runPython(source, async (f) => {
    const seen = (await f.call()) as Record<string, Record<string, string>>;
    const none = '0000000000000000';
    const { Uid, ...rest } = seen['self'] ?? {};
    assert.notEqual(Uid, '0');
    if (isRoot) assert.ok(Number(Uid) >= 20_000 && Number(Uid) < 30_000, Uid);
    assert.deepEqual(rest, { CapEff: none, CapPrm: none, CapInh: none, CapBnd: none, CapAmb: none, NoNewPrivs: '1', Seccomp: '2' });
    assert.equal(seen['1']?.['NoNewPrivs'], '1');
  });
  const ids = await Promise.all([1, 2].map(async () => {
    const f = await start({ runtime: node, files: { 'index.js': 'exports.handler = async () => process.getuid();' } });
    return [await f.call(), f] as const;
  }));
  if (isRoot) assert.notEqual(ids[0]?.[0], ids[1]?.[0]);
  for (const [, f] of ids) await f.environment.kill();
});

test('a function sees none of the server’s files, environment, processes or command lines', { skip }, async () => {
  const source = `
import os
def attempt(path):
    try:
        return open(path, "rb").read(200000).decode("latin-1")
    except OSError as e:
        return "errno %d" % e.errno
def handler(event, context):
    found = []
    for pid in [p for p in os.listdir("/proc") if p.isdigit()]:
        for name in ("environ", "cmdline", "maps", "mountinfo"):
            text = attempt("/proc/%s/%s" % (pid, name))
            if event["secret"] in text: found.append((pid, name))
            if name == "cmdline" and event["folder"] in text: found.append((pid, name, text))
        for link in ("root", "cwd"):
            try: found += [(pid, link, n) for n in os.listdir("/proc/%s/%s" % (pid, link)) if n in ("home", "work", "run", "sys")]
            except OSError: pass
        found += [(pid, "root") for _ in [0] if not attempt("/proc/%s/root%s" % (pid, event["file"])).startswith("errno")]
    found += [("env", k) for k, v in os.environ.items() if event["secret"] in v]
    direct = {p: attempt(p) for p in (event["file"], "/etc/shadow", "/etc/hostname", "/var/log/syslog", "/root/.bashrc", "/proc/kcore", "/proc/sysrq-trigger")}
    return {"found": found, "direct": {k: v for k, v in direct.items() if not v.startswith("errno")}, "processes": len([p for p in os.listdir("/proc") if p.isdigit()]),
            "etc": sorted(os.listdir("/etc")), "top": sorted(os.listdir("/")), "environment": sorted(os.environ)}
`;
  await runPython(source, async (f) => {
    const seen = (await f.call({ secret, folder, file: secretFile })) as {
      found: unknown; direct: unknown; processes: number; etc: string[]; top: string[]; environment: string[];
    };
    assert.deepEqual(seen.found, []);
    assert.deepEqual(seen.direct, { '/etc/hostname': 'localhost\n' });
    assert.ok(seen.processes <= 2, String(seen.processes));
    for (const name of ['shadow', 'ssh', 'sudoers', 'cron.d', 'fstab']) assert.ok(!seen.etc.includes(name), name);
    for (const name of ['home', 'run', 'sys', 'work', 'boot']) assert.ok(!seen.top.includes(name), name);
    assert.deepEqual(seen.environment.filter((name) => !/^(AWS_|LANG|TZ|PATH|PWD|LAMBDA_|_HANDLER|LC_CTYPE)/.test(name)), []);
  });
});

test('a function cannot signal, trace or enter anything outside, nor use what the filter refuses', { skip }, async () => {
  const source = `
import ctypes, errno, os, signal
libc = ctypes.CDLL(None, use_errno=True)
def code(call):
    try:
        r = call()
    except OSError as e:
        return errno.errorcode[e.errno]
    if isinstance(r, int) and r < 0: return errno.errorcode[ctypes.get_errno()]
    return "ok"
def sys(n, *a): return lambda: libc.syscall(n, *a)
def handler(event, context):
    n = event["numbers"]
    return {
        "kill server": code(lambda: os.kill(event["pid"], signal.SIGKILL)), "kill init": code(lambda: os.kill(1, signal.SIGKILL)),
        "ptrace init": code(sys(n["ptrace"], 16, 1, 0, 0)), "unshare user": code(sys(n["unshare"], 0x10000000)), "setns": code(sys(n["setns"], 3, 0)),
        "mount": code(sys(n["mount"], b"none", b"/tmp", b"tmpfs", 0, 0)), "bpf": code(sys(n["bpf"], 0, 0, 0)), "keyctl": code(sys(n["keyctl"], 0, 0)),
        "add_key": code(sys(n["add_key"], b"user", b"x", b"y", 1, -3)), "perf": code(sys(n["perf_event_open"], 0, 0, -1, -1, 0)),
        "userfaultfd": code(sys(n["userfaultfd"], 0)), "open_by_handle_at": code(sys(n["open_by_handle_at"], 0, 0, 0)), "io_uring": code(sys(n["io_uring_setup"], 1, 0)),
        "clone newuser": code(sys(n["clone"], 0x10000000 | 17, 0, 0, 0, 0)), "clone newnet": code(sys(n["clone"], 0x40000000 | 17, 0, 0, 0, 0)), "clone3": code(sys(n["clone3"], 0, 0)),
        "process_vm_readv": code(sys(n["process_vm_readv"], 1, 0, 0, 0, 0, 0)), "chroot": code(lambda: os.chroot("/tmp")), "vsock": code(lambda: __import__("socket").socket(40, 1)),
        "packet": code(lambda: __import__("socket").socket(17, 3)), "setuid": code(lambda: os.setuid(0)), "mknod": code(lambda: os.mknod("/tmp/sda", 0o60600, os.makedev(8, 0))),
        "thread": code(lambda: __import__("threading").Thread(target=int).start()), "fork": code(lambda: os.waitpid(os.fork() or os._exit(0), 0)[0]),
    }
`;
  const { syscallNumbers } = await import('../../src/sandbox/launcher/syscalls.ts');
  const numbers = syscallNumbers[process.arch === 'arm64' ? 'arm64' : 'x64'];
  await runPython(source, async (f) => {
    const seen = (await f.call({ pid: process.pid, numbers })) as Record<string, string>;
    const { 'kill server': killServer, 'kill init': killInit, ...rest } = seen;
    assert.equal(killServer, 'ESRCH');
    // Without a user id of its own the function may send it, and the kernel drops it: a namespace's first process is immune inside.
    assert.ok(killInit === 'EPERM' || !isRoot, killInit);
    const expected: Record<string, string> = { io_uring: 'ENOSYS', clone3: 'ENOSYS', vsock: 'EAFNOSUPPORT', packet: 'EAFNOSUPPORT', thread: 'ok', fork: 'ok' };
    for (const [name, result] of Object.entries(rest)) assert.equal(result, expected[name] ?? (name === 'setuid' && !isRoot ? 'EINVAL' : 'EPERM'), name);
  });
});

test('a function reaches neither the host’s loopback nor its addresses nor link-local', { skip }, async () => {
  let connections = 0;
  const server = createServer(() => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const targets = ['127.0.0.1', '169.254.169.254', ...Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter(({ family }) => family === 'IPv4').map((entry) => entry.address)];
  const source = `
    const net = require('net');
    exports.handler = ({ targets, port }) => Promise.all([...new Set(targets)].map((host) => new Promise((resolve) => {
      const socket = net.connect({ host, port, timeout: 1000 });
      socket.on('connect', () => resolve('connected ' + host)).on('error', (e) => resolve(e.code)).on('timeout', () => resolve('timeout'));
    })));`;
  try {
    await runNode(source, async (f) => {
      const seen = (await f.call({ targets, port })) as string[];
      assert.deepEqual(seen.filter((result) => result.startsWith('connected')), []);
      assert.equal(connections, 0);
    });
  } finally {
    server.close();
  }
});

test('a function shares neither /tmp, code, sockets nor processes with another', { skip }, async () => {
  const writer = await start({
    runtime: node,
    files: { 'index.js': `exports.handler = async () => { require('fs').writeFileSync('/tmp/note', 'mine'); require('net').createServer().listen('\\0abstract'); require('http').createServer((q, r) => r.end()).listen(8080, '127.0.0.1'); return new Promise((r) => setTimeout(r, 50)); };`, 'private.txt': 'code' },
  });
  await writer.call();
  const source = `
    const net = require('net'), fs = require('fs');
    const dial = (target) => new Promise((resolve) => net.connect(target).on('connect', () => resolve('connected')).on('error', (e) => resolve(e.code)));
    exports.handler = async () => ({ note: fs.existsSync('/tmp/note'), code: fs.existsSync('/var/task/private.txt'), abstract: await dial('\\0abstract'), tcp: await dial(8080) });`;
  await runNode(source, async (f) => assert.deepEqual(await f.call(), { note: false, code: false, abstract: 'ECONNREFUSED', tcp: 'ECONNREFUSED' }));
  await writer.environment.kill();
});

test('a function can write to /tmp only', { skip }, async () => {
  const source = `
    const fs = require('fs');
    exports.handler = async () => Object.fromEntries(['/var/task/x', '/opt/x', '/var/runtime/x', '/usr/x', '/x', '/etc/x', '/dev/x', '/dev/shm/x', '/proc/sys/kernel/hostname', '/var/task/index.js', '/tmp/x'].map((path) => {
      try { fs.writeFileSync(path, 'x'); return [path, 'written']; } catch (e) { return [path, e.code]; }
    }));`;
  await runNode(source, async (f) => {
    const seen = (await f.call()) as Record<string, string>;
    assert.deepEqual(Object.entries(seen).filter(([, result]) => result === 'written'), [['/tmp/x', 'written']]);
  });
});

test('a fork bomb and a flood of descriptors stay within their bounds, and the server stays responsive', { skip }, async () => {
  const source = `
import os, errno, time
def handler(event, context):
    if event["kind"] == "fds":
        kept = []
        try:
            while True: kept.append(os.open("/dev/null", os.O_RDONLY))
        except OSError as e: return [len(kept), errno.errorcode[e.errno]]
    children, error = 0, None
    while True:
        try: pid = os.fork()
        except OSError as e:
            error = errno.errorcode[e.errno]
            break
        if pid == 0:
            while True: time.sleep(60)
        children += 1
    return [children, error]
`;
  await runPython(source, async (f) => {
    const [descriptors, reason] = (await f.call({ kind: 'fds' })) as [number, string];
    assert.ok(descriptors > 900 && descriptors < 1024, String(descriptors));
    assert.equal(reason, 'EMFILE');
    const forks = f.call({ kind: 'forks' }, { timeoutMs: 30_000 });
    const lag = await eventLoopLagMs(forks);
    const [children, error] = (await forks) as [number, string];
    assert.ok(children > 100 && children <= 1024, String(children));
    assert.equal(error, 'EAGAIN');
    assert.ok(lag < 500, `the event loop stood still for ${lag} ms`);
  }, { memoryMegabytes: 3008 });
});

test('a flood of output is slowed down, not collected', async () => {
  for (const [runtime, files] of [
    [node, { 'index.js': 'exports.handler = async () => { for (;;) console.log("y".repeat(1000)); };' }],
    [python, { 'app.py': 'def handler(event, context):\n    while True: print("y" * 1000)\n' }],
    [custom, { bootstrap: '#!/bin/sh\ncurl -s "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next" > /dev/null\nyes ""\n' }],
  ] as const) {
    let bytes = 0;
    let calls = 0;
    const f = await start({ runtime, files, onOutput: ({ text }) => {
      bytes += text.length;
      calls += 1;
    } });
    await f.environment.init;
    const flood = f.invoke({}, { timeoutMs: 900 });
    const lag = await eventLoopLagMs(flood);
    assert.deepEqual(await flood, { kind: 'timeout' });
    assert.ok(bytes < 24 << 20, `${bytes} bytes`);
    assert.ok(calls < 200_000, `${calls} calls`);
    assert.ok(lag < 500, `the event loop stood still for ${lag} ms`);
  }
});

test('bogus frames end the environment and answer nothing', async () => {
  const frame = (type: number, body: string): string => `Buffer.concat([Buffer.from([0, 0, 0, ${body}.length, ${type}]), ${body}])`;
  const cases = {
    garbage: 'require("crypto").randomBytes(4096)',
    'an endless length': 'Buffer.from([255, 255, 255, 255, 21])',
    'an unknown type': frame(99, 'Buffer.from("x")'),
    'a frame of the server': frame(2, 'Buffer.from("x")'),
    'a second hello': frame(16, 'Buffer.from("{}")'),
    'ready again': frame(17, 'Buffer.alloc(0)'),
    'an answer to another request': frame(19, 'Buffer.from("\\x05other\\x00[1]", "latin1")'),
    'a malformed answer': frame(19, 'Buffer.from([255, 1])'),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    await runNode(`exports.handler = async () => { try { require('fs').writeSync(4, ${bytes}); } catch {} await new Promise((r) => setTimeout(r, 3000)); return 1; };`, async (f) => {
      await f.environment.init;
      const outcome = await f.invoke();
      assert.equal(outcome.kind, 'exited', name);
      assert.equal((await f.environment.exited).signal, 'SIGKILL');
    });
  }
  assert.ok(logs.filter(({ text }) => text.includes('broke the bootstrap protocol')).length >= Object.keys(cases).length);
});

test('an answer sent between two requests ends the environment and answers nothing', async () => {
  const source = `exports.handler = async (event, c) => { setTimeout(() => { const id = c.awsRequestId, b = Buffer.from(String.fromCharCode(id.length) + id + '\\0' + '"late"', 'latin1'); require('fs').writeSync(4, Buffer.concat([Buffer.from([0, 0, 0, b.length, 19]), b])); }, 20); return 'first'; };`;
  await runNode(source, async (f) => {
    assert.equal(await f.call(), 'first');
    // Where environments rest between requests, the answer only leaves when the next one wakes it.
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal((await f.invoke()).kind, 'exited');
    assert.equal((await f.environment.exited).signal, 'SIGKILL');
  });
});

test('the Runtime API of a custom runtime cannot be taken over, and a flood of connections is bounded', { skip }, async () => {
  const source = `#!/usr/bin/python3
import http.client, json, os, socket
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
taken = None
try: socket.create_server((host, int(port)))
except OSError as e: taken = e.errno
held = []
for _ in range(300):
    try:
        s = socket.create_connection((host, int(port)), 1)
        held.append(s)
    except OSError: break
for s in held: s.close()
import time; time.sleep(0.2)
api = http.client.HTTPConnection(host, int(port))
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next"); r = api.getresponse(); r.read()
    api.request("POST", "/2018-06-01/runtime/invocation/%s/response" % r.headers["Lambda-Runtime-Aws-Request-Id"], json.dumps([taken, [p for p in os.listdir("/proc") if p.isdigit()]])); api.getresponse().read()
`;
  await run({ runtime: custom, files: { bootstrap: source } }, async (f) => {
    const [taken, processes] = (await f.call()) as [number, string[]];
    assert.equal(taken, 98);
    assert.ok(processes.length <= 2, processes.join());
  });
});

test('a crash leaves no core file and its last words are heard', async () => {
  await runPython('import os, sys\ndef handler(event, context):\n    os.chdir("/tmp")\n    os.write(2, b"native words\\n")\n    import ctypes; ctypes.string_at(0)\n', async (f) => {
    await f.environment.init;
    const outcome = await f.invoke();
    assert.deepEqual(outcome, { kind: 'exited', exit: { code: undefined, signal: 'SIGSEGV', outOfMemory: false } });
    assert.match(f.output(), /native words\n/);
  });
  assert.equal(existsSync('/tmp/core'), false);
});

test('memory of a whole tree counts, not only of the first process', async (t) => {
  if (!hasKernelLimits) return t.skip('no cgroups here');
  const source = `
import os, time
def handler(event, context):
    for _ in range(8):
        if os.fork() == 0:
            kept = b"x" * (40 << 20)
            time.sleep(60)
    kept = [b"x" * (4 << 20) for _ in range(16)]
    time.sleep(20)
`;
  await runPython(source, async (f) => {
    await f.environment.init;
    await f.invoke({}, { timeoutMs: 1200 });
    assert.ok((await f.environment.memoryPeakBytes()) <= 128 << 20);
  }, { memoryMegabytes: 128 });
});

/** The longest time for which a timer of this process was late while `work` went on. */
async function eventLoopLagMs(work: Promise<unknown>): Promise<number> {
  let worst = 0;
  let isDone = false;
  work.then(() => (isDone = true), () => (isDone = true));
  while (!isDone) {
    const before = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 10));
    worst = Math.max(worst, performance.now() - before - 10);
  }
  return worst;
}
