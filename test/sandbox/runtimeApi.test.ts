import assert from 'node:assert/strict';
import { test } from 'node:test';
import { custom, initError, openTestSandbox } from './harness.ts';
import type { InvocationOutcome } from '../../src/sandbox/types.ts';
import type { TestFunction } from './harness.ts';

const { start } = await openTestSandbox();

// A runtime in Python without any library of ours: it answers with what `probe(api, request)` returns.
const runtime = (probe: string): string => `#!/usr/bin/python3
import http.client, json, os
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
BASE = "/2018-06-01/runtime/"
def call(method, path, body=None, headers={}):
    api.request(method, path if path.startswith("/") else BASE + path, body, headers)
    r = api.getresponse()
    return r.status, dict(r.getheaders()), r.read().decode()
${probe}
while True:
    status, headers, body = call("GET", "invocation/next")
    rid = headers["Lambda-Runtime-Aws-Request-Id"]
    handle(rid, headers, json.loads(body))
`;

async function run(probe: string, body: (started: TestFunction) => Promise<void>): Promise<void> {
  const started = await start({ runtime: custom, files: { bootstrap: runtime(probe) } });
  try {
    await body(started);
  } finally {
    await started.environment.kill();
  }
}

test('invocation/next carries every header, also what is not ASCII', async () => {
  const probe = 'def handle(rid, headers, event):\n    call("POST", "invocation/%s/response" % rid, json.dumps({"headers": headers, "event": event}), {"Content-Type": "text/x"})\n';
  await run(probe, async (f) => {
    await f.environment.init;
    const outcome = await f.invoke({ a: 1 }, { requestId: 'id-1', clientContext: '{"custom":{"who":"té\\nst"}}', traceId: 'Root=1-x' });
    assert.equal(outcome.kind, 'response');
    if (outcome.kind !== 'response') return;
    assert.equal(outcome.contentType, 'text/x');
    const { headers, event } = JSON.parse(Buffer.from(outcome.payload).toString()) as { headers: Record<string, string>; event: unknown };
    assert.deepEqual(event, { a: 1 });
    assert.equal(headers['Lambda-Runtime-Aws-Request-Id'], 'id-1');
    assert.equal(headers['Lambda-Runtime-Invoked-Function-Arn'], 'arn:aws:lambda:us-east-1:000000000000:function:probe');
    assert.match(headers['Lambda-Runtime-Deadline-Ms'] ?? '', /^\d{13}$/);
    assert.equal(headers['Lambda-Runtime-Trace-Id'], 'Root=1-x');
    assert.deepEqual(JSON.parse(headers['Lambda-Runtime-Client-Context'] ?? ''), { custom: { who: 'té\nst' } });
    assert.equal(headers['Content-Type'], 'application/json');
  });
});

test('the Runtime API keeps its state machine and says so in its own words', async () => {
  const probe = `
early = call("POST", "invocation/none/response", "1")
def handle(rid, headers, event):
    seen = [early, call("POST", "invocation/other/response", "1"), call("POST", "init/error", "{}"), call("GET", "invocation/%s/response" % rid),
            call("GET", "/nowhere"), call("GET", "invocation/next")[0]]
    body = json.dumps([[s[0], s[2]] if isinstance(s, tuple) else s for s in seen])
    first = call("POST", "invocation/%s/response" % rid, body)
    second = call("POST", "invocation/%s/response" % rid, "again")
    print(first[0], first[2].strip(), second[0], second[2].strip(), flush=True)
`;
  await run(probe, async (f) => {
    const seen = (await f.call()) as [number, string][];
    assert.deepEqual(seen.slice(0, 2).map(([status, text]) => [status, JSON.parse(text)]), [
      [400, { errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' }],
      [400, { errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' }],
    ]);
    const [status, text] = seen[2] ?? [0, '{}'];
    assert.equal(status, 403);
    assert.deepEqual(JSON.parse(text), {
      errorType: 'InvalidStateTransition', errorMessage: 'State transition from Ready to InitError failed for runtime. Error: State transition is not allowed',
    });
    assert.equal(seen[3]?.[0], 405);
    assert.deepEqual(seen[4], [404, '404 page not found\n']);
    assert.equal(seen[5], 200);
    await f.call();
    assert.match(f.output(), /^202 \{"status":"OK"\} 400 \{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"\}\n/);
  });
});

test('invocation/error passes the document on, and a missing one is made from the header', async () => {
  const probe = `
def handle(rid, headers, event):
    body = json.dumps({"errorType": "My.Error", "errorMessage": "m", "stackTrace": []}) if event.get("body") else ""
    call("POST", "invocation/%s/error" % rid, body, {"Lambda-Runtime-Function-Error-Type": "Header.Type"})
`;
  await run(probe, async (f) => {
    assert.deepEqual(await f.fail({ body: true }), { errorType: 'My.Error', errorMessage: 'm', stackTrace: [] });
    assert.deepEqual(await f.fail({}), { errorType: 'Header.Type' });
  });
});

test('init/error ends initialisation with the runtime’s own document', async () => {
  await run('call("POST", "init/error", json.dumps({"errorType": "No.Config", "errorMessage": "missing"}))\nraise SystemExit(1)\n', async (f) => {
    assert.deepEqual(await initError(f), { errorType: 'No.Config', errorMessage: 'missing' });
    assert.equal((await f.environment.exited).code, 1);
  });
});

test('a response over 6 MB is refused with 413 and ends the environment', async () => {
  const probe = `
def handle(rid, headers, event):
    status, _, text = call("POST", "invocation/%s/response" % rid, b"x" * event["bytes"])
    print(status, text, flush=True)
`;
  await run(probe, async (f) => {
    await f.environment.init;
    const largest = await f.invoke({ bytes: 6_291_556 });
    assert.equal(largest.kind === 'response' ? largest.payload.length : largest.kind, 6_291_556);
    assert.deepEqual(await f.invoke({ bytes: 6_291_557 }), { kind: 'response-too-large', bytes: 6_291_557 });
    await f.environment.exited;
  });
});

test('start names a missing or unusable bootstrap', async () => {
  const cases = [
    [{ 'index.js': '' }, "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"],
    [{ bootstrap: 'echo no shebang, no x bit' }, 'Error: fork/exec /var/task/bootstrap: permission denied'],
  ] as const;
  for (const [files, errorMessage] of cases) {
    const started = await start({ runtime: custom, files });
    assert.deepEqual(await initError(started), { errorType: 'Runtime.InvalidEntrypoint', errorMessage });
  }
});

test('start uses the bootstrap of a layer when the package has none, with PATH and /opt', async () => {
  const started = await start({
    runtime: custom, files: { 'data.txt': 'task' },
    layers: { bootstrap: runtime('def handle(rid, headers, event):\n    call("POST", "invocation/%s/response" % rid, json.dumps([os.getcwd(), open("data.txt").read(), os.environ["_HANDLER"]]))\n') },
  });
  assert.deepEqual(await started.call(), ['/var/task', 'task', 'index.handler']);
  await started.environment.kill();
});

test('a custom runtime that ends before its first poll ends initialisation with its exit', async () => {
  const started = await start({ runtime: custom, files: { bootstrap: '#!/bin/sh\necho nothing to do\nexit 5\n' } });
  const init = await started.environment.init;
  assert.equal(init.kind, 'exited');
  assert.deepEqual(init.kind === 'exited' && init.exit, { code: 5, signal: undefined, outOfMemory: false });
  assert.equal(started.output(), 'nothing to do\n');
});

test('a runtime streams its response, with its errors in trailers, and is held back by its reader', async () => {
  const probe = `
def chunked(rid, pieces, trailers=""):
    head = "POST %sinvocation/%s/response HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: text/stream\\r\\nLambda-Runtime-Function-Response-Mode: streaming\\r\\nTransfer-Encoding: chunked\\r\\nTrailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\\r\\n\\r\\n" % (BASE, rid)
    api.sock.sendall(head.encode())
    for piece in pieces:
        api.sock.sendall(("%x\\r\\n" % len(piece)).encode() + piece + b"\\r\\n")
    api.sock.sendall(("0\\r\\n" + trailers + "\\r\\n").encode())
    answer = b""
    while b"OK" not in answer and b"errorType" not in answer:
        answer += api.sock.recv(4096)
    return answer.split(b" ")[1].decode()
import base64, time
def handle(rid, headers, event):
    if event == "broken":
        api.sock.sendall(("POST %sinvocation/%s/response HTTP/1.1\\r\\nHost: x\\r\\nLambda-Runtime-Function-Response-Mode: streaming\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n4\\r\\nhalf\\r\\n" % (BASE, rid)).encode())
        api.close()
        time.sleep(9)  # Else it would end, which says more.
    body = base64.b64encode(b'{"errorType":"Mid.Stream","errorMessage":"no more"}').decode()
    trailers = "Lambda-Runtime-Function-Error-Type: Mid.Stream\\r\\nLambda-Runtime-Function-Error-Body: %s\\r\\n" % body if event == "fail" else ""
    chunked(rid, [b"one", b"two"], trailers)
`;
  await run(probe, async (f) => {
    await f.environment.init;
    const streamed = async (event: string): Promise<{ outcome: InvocationOutcome; text: string; types: (string | undefined)[] }> => {
      const seen: string[] = [];
      const types: (string | undefined)[] = [];
      const onPart = (part: Uint8Array, type: string | undefined, taken: () => void): void => {
        seen.push(Buffer.from(part).toString());
        types.push(type);
        setImmediate(taken);
      };
      return { outcome: await f.invoke(event, { receiver: { onPart } }), text: seen.join(''), types };
    };
    const good = await streamed('good');
    assert.deepEqual([good.outcome.kind, good.text, good.types[0]], ['response', 'onetwo', 'text/stream']);
    const failed = await streamed('fail');
    assert.deepEqual([failed.outcome.kind, failed.text], ['function-error', 'onetwo']);
    if (failed.outcome.kind === 'function-error') {
      assert.equal(failed.outcome.isMidStream, true);
      assert.deepEqual(JSON.parse(Buffer.from(failed.outcome.payload).toString()), { errorType: 'Mid.Stream', errorMessage: 'no more' });
    }
    const whole = await f.invoke('whole');
    assert.deepEqual([whole.kind, whole.kind === 'response' && Buffer.from(whole.payload).toString()], ['response', 'onetwo']);
    const broken = await streamed('broken');
    assert.deepEqual([broken.outcome.kind, broken.text], ['function-error', 'half']);
    assert.match(broken.outcome.kind === 'function-error' ? Buffer.from(broken.outcome.payload).toString() : '', /Runtime\.TruncatedResponse/);
  });
});
