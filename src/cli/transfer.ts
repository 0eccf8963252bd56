// Files to and from the server, in pieces: they may be larger than memory.
import { createReadStream, createWriteStream } from 'node:fs';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';

export interface Transfer {
  readonly method: 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Without a byte for this long, it fails. */
  readonly idleMs: number;
  /** Called as it goes on; `total` is undefined when it is not known. */
  readonly onBytes: (done: number, total: number | undefined) => void;
}

export interface TransferAnswer {
  readonly status: number;
  /** What was answered, or the first part of it; empty when it went to a file. */
  readonly text: string;
}

const textBytesMax = 64 * 1024;

/** Sends a request without a body and writes a good answer to a new file at `path`. */
export async function download(transfer: Transfer, path: string): Promise<TransferAnswer> {
  const incoming = await exchange(transfer, async (outgoing) => void outgoing.end());
  const status = incoming.statusCode ?? 0;
  if (status !== 200) return { status, text: await readText(incoming) };
  const total = Number(incoming.headers['content-length']) || undefined;
  await pipeline(incoming, countBytes(transfer, total), createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  return { status, text: '' };
}

/** Sends the file at `path`, once the server has agreed to read it. */
export async function upload(transfer: Transfer, { path, bytes }: { readonly path: string; readonly bytes: number }): Promise<TransferAnswer> {
  const headers = { ...transfer.headers, 'content-length': String(bytes), expect: '100-continue' };
  const incoming = await exchange({ ...transfer, headers }, async (outgoing) => {
    outgoing.once('continue', () => {
      // A failure to send shows as an answer or as an error of the request.
      pipeline(createReadStream(path), countBytes(transfer, bytes), outgoing).catch((error: Error) => outgoing.destroy(error));
    });
    outgoing.flushHeaders();
  });
  return { status: incoming.statusCode ?? 0, text: await readText(incoming) };
}

function exchange({ method, url, headers, idleMs }: Transfer, send: (outgoing: ReturnType<typeof requestHttp>) => Promise<void>): Promise<IncomingMessage> {
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = open(url, { method, headers: { ...headers }, agent: false }, resolve);
    outgoing.setTimeout(idleMs, () => outgoing.destroy(new Error(`no answer for ${Math.round(idleMs / 1000)} s`)));
    outgoing.on('error', reject);
    send(outgoing).catch(reject);
  });
}

function countBytes({ onBytes }: Transfer, total: number | undefined): (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer> {
  return async function* (chunks) {
    let done = 0;
    for await (const chunk of chunks) {
      done += chunk.length;
      onBytes(done, total);
      yield chunk;
    }
  };
}

async function readText(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming.setEncoding('utf8')) if (text.length < textBytesMax) text += String(chunk);
  return text;
}
