// The one yardstick: a bare node:http server in a process of its own, `/echo` and `/json`. What Haneul takes is read as a
// multiple of what this takes in the same run, because machines and their other load differ.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface Yardstick {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startYardstick(): Promise<Yardstick> {
  const child = fork(fileURLToPath(import.meta.url), ['serve']);
  const [port] = (await once(child, 'message')) as [number];
  return {
    port,
    async stop() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

function serve(): void {
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const out = incoming.url === '/json' ? Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8')))) : body;
      outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': out.length });
      outgoing.end(out);
    });
  };
  const server = createServer(answer).listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit());
}

if (process.argv[2] === 'serve' && process.send) serve();
