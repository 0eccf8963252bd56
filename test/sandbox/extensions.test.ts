// Extensions beside functions of every runtime: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { custom, node, openTestSandbox, python } from './harness.ts';
import type { TestSandbox } from './harness.ts';

// A small extension in Python: what it is told of it prints; the event's own words decide what it does.
const extension = (body = ''): string => `#!/usr/bin/python3
import json, os, sys, http.client
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
def call(method, path, body=None, **headers):
    connection = http.client.HTTPConnection(api)
    connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read().decode()
def say(*words):
    print(*words, flush=True)
name = os.path.basename(sys.argv[0])
status, headers, text = call("POST", "/2020-01-01/extension/register", '{"events":["INVOKE","SHUTDOWN"]}', Lambda_Extension_Name=name, Lambda_Extension_Accept_Feature="accountId")
me = headers.get("Lambda-Extension-Identifier", "")
say("registered", status, text, "_HANDLER" in os.environ)
${body}
while True:
    status, headers, text = call("GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=me)
    event = json.loads(text)
    say("event", event["eventType"], event.get("shutdownReason", event.get("requestId")))
    if event["eventType"] == "SHUTDOWN":
        sys.exit(0)
    if os.path.exists("/tmp/die"):
        sys.exit(3)
`;

const functions = {
  node: { runtime: node, files: { 'index.js': 'console.log("loaded"); exports.handler = async (e) => { if (e.die) require("fs").writeFileSync("/tmp/die", ""); console.log("ran"); return e; };' } },
  python: { runtime: python, files: { 'app.py': 'print("loaded")\ndef handler(e, c):\n    if e.get("die"): open("/tmp/die", "w").close()\n    print("ran")\n    return e\n' } },
  custom: {
    runtime: custom,
    files: {
      bootstrap: `#!/usr/bin/python3
import http.client, json, os
print("loaded", flush=True)
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    c = http.client.HTTPConnection(api)
    c.request("GET", "/2018-06-01/runtime/invocation/next")
    r = c.getresponse()
    e = r.read()
    if json.loads(e).get("die"): open("/tmp/die", "w").close()
    print("ran", flush=True)
    c.request("POST", "/2018-06-01/runtime/invocation/" + r.getheader("Lambda-Runtime-Aws-Request-Id") + "/response", e)
    c.getresponse().read()
`,
    },
  },
} as const;

for (const pooled of [true, false]) {
  suite(`extensions ${pooled ? 'where environments wait' : 'in environments of their own'}`, async () => {
    const bench: TestSandbox = await openTestSandbox({ pooled });
    for (const [name, wanted] of Object.entries(functions)) {
      test(`an extension of a ${name} function registers, hears of invocations and of the end`, { skip: bench.skipReason, timeout: 20_000 }, async () => {
        const f = await bench.start({ ...wanted, layers: { 'extensions/watcher': extension() } });
        assert.deepEqual(await f.call({ n: 1 }, { requestId: 'first' }), { n: 1 });
        assert.deepEqual(await f.call({ n: 2 }, { requestId: 'second' }), { n: 2 });
        await f.environment.kill();
        const lines = f.output().split('\n').filter((line) => line.startsWith('registered') || line.startsWith('event'));
        assert.deepEqual(lines, [
          'registered 200 {"functionName":"probe","functionVersion":"$LATEST","handler":"' + (name === 'python' ? 'app' : 'index') + '.handler","accountId":""} False',
          'event INVOKE first', 'event INVOKE second', 'event SHUTDOWN spindown',
        ]);
      });
      test(`an extension of a ${name} function that ends takes the environment with it`, { skip: bench.skipReason, timeout: 20_000 }, async () => {
        const f = await bench.start({ ...wanted, layers: { 'extensions/watcher': extension() } });
        await f.environment.init;
        // It may end while the runtime answers, or after; then the next invocation is told.
        let crashed = await f.invoke({ die: true });
        for (let tries = 0; crashed.kind === 'response' && tries < 5; tries += 1) crashed = await f.invoke({});
        assert.deepEqual(crashed, { kind: 'extension-failed', errorType: 'Extension.Crash', text: 'exit status 3' });
      });
    }
  });
}

const subscriber = (protocol: 'HTTP' | 'TCP', path: string, version: string): string => extension(`
import threading, socketserver, http.server
def note(text):
    for item in json.loads(text) if text.startswith("[") else map(json.loads, text.splitlines()):
        print("telemetry", json.dumps([item["type"], item["record"]], separators=(",", ":")), flush=True)
class Http(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        note(text)
    def log_message(self, *words):
        pass
class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            note(line.decode())
server = ${protocol === 'HTTP' ? 'http.server.HTTPServer(("sandbox.localdomain", 8080), Http)' : 'socketserver.TCPServer(("0.0.0.0", 8080), Tcp)'}
threading.Thread(target=server.serve_forever, daemon=True).start()
wanted = {"schemaVersion": "${version}", "types": ["platform", "function"], "buffering": {"maxItems": 1000, "maxBytes": 262144, "timeoutMs": 25},
          "destination": ${protocol === 'HTTP' ? '{"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080"}' : '{"protocol": "TCP", "port": 8080}'}}
wrong = dict(wanted, types=[], buffering={"maxItems": 1})
say("refused", *call("PUT", "${path}", json.dumps(wrong), Lambda_Extension_Identifier=me)[::2])
say("subscribed", *call("PUT", "${path}", json.dumps(wanted), Lambda_Extension_Identifier=me)[::2])
`);

suite('telemetry', async () => {
  const bench: TestSandbox = await openTestSandbox();
  const ways = [['HTTP', '/2022-07-01/telemetry', '2022-12-13', 'telemetry'], ['TCP', '/2020-08-15/logs', '2020-08-15', 'logs']] as const;
  for (const [protocol, path, version, kind] of ways) {
    test(`an extension gets what happened and happens over ${protocol} from ${path}`, { skip: bench.skipReason, timeout: 60_000 }, async () => {
      const events: string[] = [];
      const f = await bench.start({ ...functions.python, layers: { 'extensions/listener': subscriber(protocol, path, version) }, onExtension: (event) => events.push(`${event.kind} ${event.name} ${event.state} ${event.about.join()}`) });
      f.environment.tell(() => ({ type: 'platform.initStart', atMs: 0, record: { phase: 'init' } }));
      await f.call({ n: 1 });
      f.environment.tell(() => ({ type: 'platform.report', atMs: 0, record: { status: 'success' } }));
      const wanted = ['["platform.initStart",{"phase":"init"}]', '["function","loaded"]', '["function","ran"]', '["platform.report",{"status":"success"}]'];
      // Delivery goes on beside the next invocations.
      for (let tries = 0; tries < 400 && !wanted.every((text) => f.output().includes(`telemetry ${text}`)); tries += 1) {
        await f.call({ n: tries });
        await sleep(50);
      }
      for (const text of wanted) assert.ok(f.output().includes(`telemetry ${text}`), `${text} is missing in ${f.output()}`);
      assert.match(f.output(), /refused 400 \{"errorMessage":"types should not be empty; maxItems should be between 1000 and 10000","errorType":"ValidationError"\}/);
      assert.match(f.output(), /subscribed 200 "OK"/);
      assert.ok(f.output().includes(`telemetry ["platform.${kind}Subscription",{"name":"listener","state":"Subscribed","types":["platform","function"]}]`));
      assert.deepEqual(events, [`${kind} listener Subscribed platform,function`, 'extension listener Ready INVOKE,SHUTDOWN']);
      await f.environment.kill();
    });
  }
});
