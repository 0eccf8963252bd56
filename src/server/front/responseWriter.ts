import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { InvariantError } from '../../base/errors.ts';
import type { WireResponse } from '../../wire/types.ts';
import { keepAliveTimeoutMs } from '../limits.ts';
import { scratchBytes } from './limits.ts';

const keepOpen = `connection: keep-alive\r\nkeep-alive: timeout=${keepAliveTimeoutMs / 1_000}\r\n`;
const closing = 'connection: close\r\n';
const unfitForHeader = /[^\t\x20-\x7e\x80-\xff]/;

/** Writes whole answers, small ones with their head in a single write out of one buffer that is used again and again. */
export class ResponseWriter {
  #scratch = Buffer.allocUnsafeSlow(scratchBytes);
  #date = '';
  #dateSecond = 0;

  /** Throws before anything is written when the answer cannot be sent as it is: that is a bug. */
  write(socket: Socket, response: WireResponse, body: Uint8Array | string, { last }: { readonly last: boolean }): void {
    const { status } = response;
    // As node:http: these statuses have neither a body nor a length.
    const bare = status === 204 || status === 304;
    const bytes = bare ? 0 : typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
    const head = this.#head(response, `${bare ? '' : `content-length: ${bytes}\r\n`}${last ? closing : keepOpen}`);
    if (head.length + bytes > scratchBytes) return writeLarge(socket, head, body);
    this.#scratch.write(head, 'latin1');
    if (bytes > 0) {
      if (typeof body === 'string') this.#scratch.write(body, head.length);
      else this.#scratch.set(body, head.length);
    }
    socket.write(this.#scratch.subarray(0, head.length + bytes));
    // The kernel did not take all of it: these bytes belong to the socket now.
    if (socket.writableLength > 0) this.#scratch = Buffer.allocUnsafeSlow(scratchBytes);
  }

  /** The head of an answer whose body comes behind it in chunks; the last on its connection. */
  writeChunkedHead(socket: Socket, response: WireResponse): void {
    socket.write(this.#head(response, `transfer-encoding: chunked\r\n${closing}`), 'latin1');
  }

  #head({ status, headers, cookies }: WireResponse, framing: string): string {
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
    for (const name in headers) head += field(name, headers[name] ?? '');
    for (const cookie of cookies ?? []) head += field('set-cookie', cookie);
    return `${head}date: ${this.#now()}\r\n${framing}\r\n`;
  }

  #now(): string {
    const second = Math.floor(Date.now() / 1_000);
    if (second !== this.#dateSecond) {
      this.#dateSecond = second;
      this.#date = new Date(second * 1_000).toUTCString();
    }
    return this.#date;
  }
}

function field(name: string, value: string): string {
  if (unfitForHeader.test(value)) throw new InvariantError('a header of an answer holds a character that it must not', { name });
  return `${name}: ${value}\r\n`;
}

function writeLarge(socket: Socket, head: string, body: Uint8Array | string): void {
  socket.cork();
  socket.write(head, 'latin1');
  socket.write(body);
  socket.uncork();
}
