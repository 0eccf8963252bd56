// The endpoint inside an environment: there before the function's first instruction, its own, bounded, and gone with it.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { endpointConnectionsMax } from '../../src/sandbox/limits.ts';
import { custom, node, openTestSandbox, python } from './harness.ts';

const port = 4566;

/** Says who it is to everybody who connects, and remembers them. */
function greeter(greeting: string): { readonly endpoint: { port: number; onConnection: (socket: Socket) => void }; readonly sockets: Socket[] } {
  const sockets: Socket[] = [];
  const onConnection = (socket: Socket): void => {
    sockets.push(socket);
    socket.write(greeting);
  };
  return { endpoint: { port, onConnection }, sockets };
}

const readGreeting = `
const net = require('node:net');
const [, host, port] = /^http:..(.*):([0-9]+)$/.exec(process.env.AWS_ENDPOINT_URL);
const greet = () => new Promise((resolve) => {
  const socket = net.connect(Number(port), host);
  socket.once('data', (data) => resolve(data.toString())).once('close', () => resolve('closed')).on('error', (error) => resolve(error.code));
});
`;

test('a function finds its endpoint while it loads, and each environment its own', async () => {
  const { start } = await openTestSandbox();
  const files = { 'index.mjs': `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); ${readGreeting} const first = await greet(); export const handler = async () => [first, await greet(), process.env.AWS_ENDPOINT_URL];` };
  const [one, two] = await Promise.all(['one', 'two'].map((name) => start({ runtime: node, files, endpoint: greeter(name).endpoint })));
  assert.deepEqual(((await one?.call()) as unknown[]).slice(0, 2), ['one', 'one']);
  assert.deepEqual(((await two?.call()) as unknown[]).slice(0, 2), ['two', 'two']);
});

test('a Python function and a custom runtime find their endpoint as well', async () => {
  const { start } = await openTestSandbox();
  const app = 'import os, socket, urllib.parse\nurl = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])\nfirst = socket.create_connection((url.hostname, url.port)).recv(10).decode()\ndef handler(event, context):\n    return first\n';
  const inPython = await start({ runtime: python, files: { 'app.py': app }, endpoint: greeter('snake').endpoint });
  assert.equal(await inPython.call(), 'snake');
  const bootstrap = `#!/bin/bash
exec 5<>/dev/tcp/$(echo "$AWS_ENDPOINT_URL" | sed 's#http://##; s#:#/#')
read -r -N 5 greeting <&5
head -c 0 /dev/null
exec 6<>/dev/tcp/127.0.0.1/$(echo "$AWS_LAMBDA_RUNTIME_API" | sed 's#.*:##')
printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&6
while read -r line <&6; do line=$(echo "$line" | tr -d '\\r'); case "$line" in [Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d:*) id=\${line#*: };; "") break;; esac; done
read -r -N 2 event <&6
printf "POST /2018-06-01/runtime/invocation/$id/response HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 7\\r\\n\\r\\n\\"$greeting\\"" >&6
sleep 60
`;
  const inShell = await start({ runtime: custom, files: { bootstrap }, endpoint: greeter('shell').endpoint });
  assert.equal(await inShell.call(), 'shell');
});

test('a function that opens connections without end is stopped at the limit, and they are cut with its environment', async () => {
  const { start } = await openTestSandbox();
  const { endpoint, sockets } = greeter('hello');
  const files = { 'index.js': `${readGreeting} exports.handler = async ({ count }) => { const seen = await Promise.all(Array.from({ length: count }, greet)); return seen.filter((text) => text === 'hello').length; };` };
  const hoarder = await start({ runtime: node, files, endpoint });
  assert.equal(await hoarder.call({ count: endpointConnectionsMax + 20 }), endpointConnectionsMax);
  await hoarder.environment.kill();
  assert.equal(sockets.length, endpointConnectionsMax);
  assert.ok(sockets.every(({ destroyed }) => destroyed));
});

test('without isolation a function still finds its endpoint, at a port that was free', async () => {
  const { start } = await openTestSandbox({ isolation: 'none' });
  const files = { 'index.js': `${readGreeting} exports.handler = async () => greet();` };
  const plain = await start({ runtime: node, files, endpoint: greeter('plain').endpoint });
  assert.equal(await plain.call(), 'plain');
});

test('an environment that ends while its endpoint is being made leaves nothing behind', async () => {
  const { start } = await openTestSandbox();
  const brief = await start({ runtime: node, files: { 'index.js': 'exports.handler = async () => 1;' }, endpoint: greeter('late').endpoint });
  await brief.environment.kill();
  assert.equal((await brief.environment.exited).signal, 'SIGKILL');
});
