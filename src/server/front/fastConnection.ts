// One connection while it is on the fast path. It serves one request at a time, in the order of arrival, and looks at the next
// only when the last answer has left; the first request that is not its kind goes to node:http with every byte from its start,
// and the connection stays there.

import type { Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import type { WireResponse } from '../../wire/types.ts';
import type { Arrival } from '../arrival.ts';
import type { BodyBudget } from '../body.ts';
import { discardBytesMax, discardMs, headTimeoutMs, keepAliveTimeoutMs, requestTimeoutMs } from '../limits.ts';
import { isDisconnect } from '../disconnect.ts';
import { answerMalformed, answerTimeout } from '../malformed.ts';
import { ChunkedCoding } from './chunkedCoding.ts';
import { FastArrival } from './fastArrival.ts';
import { fastHeadBytesMax, fastHeadPiecesMax } from './limits.ts';
import { type FastRequest, readHead } from './readHead.ts';
import type { ResponseWriter } from './responseWriter.ts';

export interface FastConnectionDeps {
  readonly respond: (arrival: Arrival) => Promise<WireResponse>;
  /** Takes the connection over, whose next byte is `firstByte`; what was unread is back in the socket, which is paused. */
  readonly handOver: (socket: Socket, firstByte: number | undefined) => void;
  readonly onBug: (error: unknown) => void;
  /** The connection is closed or handed over. */
  readonly onLeave: (connection: FastConnection) => void;
  readonly budget: BodyBudget;
  readonly writer: ResponseWriter;
}

/** `head`: waiting for a request. `serving`: one is being answered. `draining`: its answer is waiting for the client to read. */
type Phase = 'head' | 'serving' | 'draining' | 'discarding' | 'left';

const nothing = Buffer.alloc(0);

export class FastConnection {
  readonly socket: Socket;
  readonly #sourceIp: string;
  readonly #isSecure: boolean;
  readonly #deps: FastConnectionDeps;
  #phase: Phase = 'head';
  /** What has arrived and is not consumed yet: part of a head, of the body under way, or of requests to come. */
  #unread: Buffer = nothing;
  #pieces = 0;
  #deadlineMs: number;
  #stopping = false;
  #request: FastArrival | undefined;
  #discardLeft = 0;

  constructor(socket: Socket, deps: FastConnectionDeps) {
    this.socket = socket;
    this.#sourceIp = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.#isSecure = 'encrypted' in socket;
    this.#deps = deps;
    this.#deadlineMs = performance.now() + headTimeoutMs;
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onError).on('drain', this.#onDrain);
  }

  /** Serves what is under way and nothing more. */
  stop(): void {
    this.#stopping = true;
    if (this.#phase === 'head') this.socket.destroy();
  }

  /** Ends what has been quiet for too long. */
  sweep(nowMs: number): void {
    if (nowMs < this.#deadlineMs) return;
    const isHalfHere = this.#phase === 'head' ? this.#pieces > 0 : this.#phase === 'serving';
    if (!isHalfHere) return void this.socket.destroy();
    if (this.#phase === 'serving' && !this.#request?.isReading()) return;
    answerTimeout(this.socket);
    this.#discard(0, nowMs + discardMs);
    this.#request?.abort();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#phase === 'discarding') {
      this.#discardLeft -= chunk.length;
      if (this.#discardLeft < 0) this.socket.destroy();
      return;
    }
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    if (this.#phase === 'head') this.#readNext();
    else if (this.#phase === 'serving' && this.#request?.isReading()) this.#feed();
    // What comes early waits in the kernel, so that a client which only ever sends is slowed down by its own connection.
    else this.socket.pause();
  };

  #readNext(): void {
    const reading = readHead(this.#unread);
    if (reading.kind === 'request') return this.#serve(reading);
    if (reading.kind === 'foreign' || this.#unread.length > fastHeadBytesMax || this.#pieces >= fastHeadPiecesMax) return this.#handOver();
    if (this.#pieces === 0) this.#deadlineMs = performance.now() + headTimeoutMs;
    this.#pieces += 1;
    this.socket.resume();
  }

  #serve(found: FastRequest): void {
    const { headBytes, bodyBytes } = found;
    if (this.#isSecure) found = { ...found, head: { ...found.head, secure: true } };
    this.#phase = 'serving';
    this.#pieces = 0;
    this.#deadlineMs = Number.POSITIVE_INFINITY;
    this.#unread = this.#unread.length === headBytes ? nothing : this.#unread.subarray(headBytes);
    const request = new FastArrival(found, this.#sourceIp, this.#deps.budget, this.#pull);
    this.#request = request;
    // A body that is all here is one piece of memory: nobody copies it.
    if (this.#unread.length >= bodyBytes) this.#feed();
    this.#deps.respond(request).then(this.#onAnswer, this.#onFailure);
  }

  #feed(): void {
    const taken = this.#request?.take(this.#unread) ?? 0;
    this.#unread = taken === this.#unread.length ? nothing : this.#unread.subarray(taken);
    if (this.#unread.length > 0) this.socket.pause();
  }

  readonly #onAnswer = (response: WireResponse): void => {
    const request = this.#request;
    const { body } = response;
    if (this.#phase !== 'serving' || request === undefined || !this.socket.writable) {
      // Nobody will read it, and what it holds open must go.
      if (body instanceof Readable) body.destroy();
      return;
    }
    try {
      if (body instanceof Readable) return this.#stream(response, body);
      if (this.#unread.length > 0) this.#feed();
      const last = this.#stopping || request.missing > 0;
      this.#request = undefined;
      request.settle();
      this.#deps.writer.write(this.socket, response, body, { last });
      if (last) this.#finish();
      else if (this.socket.writableNeedDrain) this.#drain();
      else this.#goOn();
    } catch (error) {
      this.#onFailure(error);
    }
  };

  // An answer that goes on for as long as it likes (StartLiveTail). Nothing is served behind it on this connection.
  #stream(response: WireResponse, body: Readable): void {
    this.#deps.writer.writeChunkedHead(this.socket, response);
    pipeline(body, new ChunkedCoding(), this.socket, (error) => {
      if (error) return isDisconnect(error) ? undefined : this.#onFailure(error);
      this.#discard(discardBytesMax, performance.now() + discardMs);
      this.socket.resume();
    });
  }

  readonly #onFailure = (error: unknown): void => {
    this.socket.destroy();
    this.#deps.onBug(error);
  };

  #goOn(): void {
    if (this.#stopping) return this.#finish();
    this.#phase = 'head';
    this.#deadlineMs = performance.now() + keepAliveTimeoutMs;
    if (this.#unread.length > 0) this.#readNext();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  // Bytes of the body that the reader has just asked for.
  readonly #pull = (): void => {
    this.#deadlineMs = performance.now() + requestTimeoutMs;
    if (this.#unread.length > 0) this.#feed();
    this.socket.resume();
  };

  // The next request is looked at when this answer has left, so that answers nobody reads do not pile up.
  #drain(): void {
    this.#phase = 'draining';
    this.#deadlineMs = performance.now() + requestTimeoutMs;
  }

  // Closing at once would reset the connection before a client that is still sending has read the answer.
  #finish(): void {
    this.#discard(discardBytesMax, performance.now() + requestTimeoutMs);
    this.socket.end(() => {
      this.#deadlineMs = performance.now() + discardMs;
    });
    this.socket.resume();
  }

  #discard(bytesMax: number, deadlineMs: number): void {
    this.#unread = nothing;
    this.#phase = 'discarding';
    this.#discardLeft = bytesMax;
    this.#deadlineMs = deadlineMs;
  }

  #handOver(): void {
    const { socket } = this;
    const unread = this.#unread;
    this.#leave();
    socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose).off('error', this.#onError).off('drain', this.#onDrain);
    // Paused, so that nothing flows before node:http listens; its own listeners do not resume a paused socket.
    socket.pause();
    socket.unshift(unread);
    this.#deps.handOver(socket, unread[0]);
  }

  #leave(): void {
    this.#phase = 'left';
    this.#unread = nothing;
    this.#deps.onLeave(this);
  }

  // As node:http does: a client that has closed its side is taken to be gone, also in the middle of a request.
  readonly #onEnd = (): void => {
    if (this.#phase === 'head' && this.#unread.length > 0) answerMalformed(new Error('the connection ended within a head'), this.socket);
    else this.socket.end();
  };

  readonly #onClose = (): void => {
    const request = this.#request;
    this.#request = undefined;
    this.#leave();
    request?.abort();
  };

  // 'close' follows and tells whoever waits.
  readonly #onError = (): void => undefined;

  readonly #onDrain = (): void => {
    if (this.#phase === 'draining') this.#goOn();
  };
}
