// For tests of this folder: a tiny HTTP server that puts identify, route and the codecs together.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { wallClock } from '../base/clock.ts';
import { ServiceError } from '../base/errors.ts';
import { authenticationError } from './authenticationError.ts';
import { parseAuthorization } from './authorization.ts';
import { bodyCheckOf } from './body.ts';
import { codecOf } from './codecs.ts';
import { createCatalogue, identify, identifyForm } from './identify.ts';
import type { Identification } from './identify.ts';
import type { ServiceModel } from './model.ts';
import { route } from './route.ts';
import { createSignatureVerifier } from './sigv4.ts';
import type { RequestHead } from './types.ts';

export interface Seen {
  readonly service: string;
  readonly protocol: string;
  readonly operation: string;
  readonly input: Record<string, unknown>;
  readonly head: RequestHead;
  readonly body: Uint8Array;
}

export interface TestServer {
  readonly endpoint: string;
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** The secret key that this server verifies every signature with. */
export const testSecret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';

/** Starts a server on a free port; `answer` plays all services. */
export async function startTestServer(services: readonly ServiceModel[], answer: (seen: Seen) => object): Promise<TestServer> {
  const catalogue = createCatalogue(services);
  const seen: Seen[] = [];
  const verifier = createSignatureVerifier();

  function authenticate(head: RequestHead, body: Uint8Array, found: Identification): void {
    const credential = parseAuthorization(head);
    if (!credential || credential.kind === 'v2') return;
    const check = bodyCheckOf(head, credential);
    const payloadHash = check.kind === 'hash-first' ? createHash('sha256').update(body).digest('hex') : check.payloadHash;
    const failure =
      credential.kind === 'failure' ? credential : verifier.verify({ head, credential, secretAccessKey: testSecret, payloadHash, nowMs: wallClock.now(), signingNames: found.service.signingNames });
    if (failure) throw authenticationError(failure, found.protocol);
  }

  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const head = headOf(request);
      const found: Identification | undefined = identify(head, catalogue) ?? identifyForm(body, catalogue);
      const codec = codecOf(found?.protocol ?? 'restJson1');
      const meta = { requestId: '00000000-0000-4000-8000-000000000000' };
      let answered;
      try {
        if (!found) throw new ServiceError('UnknownOperationException', 'nobody serves this', { status: 404 });
        authenticate(head, body, found);
        const { operation, labels } = route(found, head, body);
        const input = codec.parseInput(operation, head, labels, body) as Record<string, unknown>;
        const record = { service: found.service.id, protocol: found.protocol, operation: operation.name, input, head, body };
        seen.push(record);
        answered = codec.formatOutput(operation, answer(record) as Record<string, unknown>, meta);
      } catch (error) {
        const refused = error instanceof ServiceError ? error : new ServiceError('InternalFailure', String(error), { status: 500 });
        answered = codec.formatError(found?.service, undefined, refused, meta);
      }
      response.writeHead(answered.status, { ...answered.headers });
      if (answered.body instanceof Readable) answered.body.pipe(response);
      else response.end(answered.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    seen,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/** The head of a request as node:http gives it. */
export function headOf(request: IncomingMessage): RequestHead {
  const [path = '/', query = ''] = splitUrl(request.url ?? '/');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '');
  return { method: request.method ?? 'GET', path, query, headers };
}

function splitUrl(url: string): [string, string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
