import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface FakeRequest {
  /** For example `GET /_haneul/health`. */
  readonly line: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface FakeServer {
  readonly endpoint: string;
  readonly requests: FakeRequest[];
}

/** A server for tests of commands: answers as told, remembers what was asked, and really goes silent on a stop. */
export async function withFakeServer(respond: (request: FakeRequest) => FakeAnswer, work: (server: FakeServer) => Promise<void>): Promise<void> {
  const requests: FakeRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request = { line: `${incoming.method} ${incoming.url}`, headers: incoming.headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(request);
      const { status = 200, headers = {}, body } = respond(request);
      outgoing.writeHead(status, { ...headers, connection: 'close' });
      outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
      if (request.line === 'POST /_haneul/stop') server.close();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests });
  } finally {
    server.close();
  }
}
