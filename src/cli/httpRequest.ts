import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
  /** Without a byte for this long, the request fails. */
  readonly idleMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const answerBytesMax = 64 * 1024 * 1024;

/** One HTTP exchange. Not `fetch`: that gives up on an answer after five minutes, and a function may take fifteen. */
export function sendHttp(request: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, signal, idleMs } = request;
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = open(url, { method, headers: { ...headers }, agent: false, ...(signal ? { signal } : {}) }, (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytesMax) incoming.destroy(new Error('the answer is larger than 64 MB'));
        else chunks.push(chunk);
      });
      incoming.on('error', reject);
      incoming.on('end', () => {
        const flat = Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]);
        resolve({ status: incoming.statusCode ?? 0, headers: Object.fromEntries(flat) as Record<string, string>, body: Buffer.concat(chunks) });
      });
    });
    outgoing.setTimeout(idleMs, () => outgoing.destroy(new Error(`no answer for ${Math.round(idleMs / 1000)} s`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
