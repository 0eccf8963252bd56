import { TextDecoder } from 'node:util';
import type { Duplex } from 'node:stream';
import { createDeferred } from '../deferred.ts';
import type { InvocationRequest } from '../types.ts';
import type { Channel, ChannelAnswer, ChannelInit, ChannelListener } from './channel.ts';
import { encodeFrame, FrameError, FrameReader, frameTypes, parseAnswer } from './frames.ts';
import type { Frame } from './frames.ts';
import { responseBytesMax, streamPartOverheadBytes, streamWindowBytes } from '../limits.ts';
import { createResponseParts, type ResponseParts } from './responseParts.ts';

export interface FramedChannelOptions {
  /** What the bootstrap reads. */
  readonly toFunction: Duplex;
  /** What the bootstrap writes. */
  readonly fromFunction: Duplex;
}

/** What the bootstrap is told once, before it loads the function. */
export interface InitSettings {
  readonly handler: string;
  /** The version that was asked for, which may differ from the interpreter's own. */
  readonly runtimeVersion: string;
  /** The whole environment, where the process was started before it was known. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Loads the function and then waits to be copied, instead of for requests. */
  readonly snapshot?: true;
}

export interface FramedChannel extends Channel {
  /** Resolves when the bootstrap runs; stays pending when the process ends before. */
  readonly booted: Promise<void>;
  /** Has the function loaded. Until then nothing but the bootstrap's own hello is acceptable. */
  begin(settings: InitSettings, listener: ChannelListener): void;
  /** Has a template fork. */
  copy(): void;
}

interface Pending {
  readonly requestId: string;
  readonly parts: ResponseParts;
  readonly hasReceiver: boolean;
  /** Bytes of the response that may still come before the reader has taken some. */
  room: number;
  readonly settle: (answer: ChannelAnswer) => void;
}

/**
 * The server's end of the framed channel. The bootstrap inherits two nameless sockets instead of connecting to a path: there
 * is nothing to connect to a second time, no path-length limit and nothing to clean up.
 */
export function openFramedChannel({ toFunction, fromFunction }: FramedChannelOptions): FramedChannel {
  const reader = new FrameReader();
  const utf8 = new TextDecoder();
  let state: 'booting' | 'loading' | 'idle' | 'busy' | 'closed' = 'booting';
  let hasHello = false;
  let listener: ChannelListener | undefined;
  let pending: Pending | undefined;
  let announcedExit: number | undefined;
  const init = createDeferred<ChannelInit>();
  const drained = createDeferred<void>();
  const booted = createDeferred<void>();

  const violation = (reason: string): void => {
    if (state === 'closed') return;
    state = 'closed';
    // Before the stream ends: a bootstrap that sees its end would exit by itself, as if all were well.
    listener?.onViolation(reason);
    close();
  };

  function close(): void {
    state = 'closed';
    pending = undefined;
    toFunction.destroy();
    // Reading goes on without looking, so that a writer is not left blocked for ever before it is killed.
    fromFunction.removeAllListeners('data');
    fromFunction.resume();
  }

  function settle(answer: ChannelAnswer): void {
    const waiting = pending;
    pending = undefined;
    state = 'idle';
    waiting?.settle(answer);
  }

  function onAnswer(type: number, body: Buffer): void {
    const answer = parseAnswer(body);
    if (!answer || !pending || answer.requestId !== pending.requestId) return violation('an answer to no pending request');
    const { payload, contentType } = answer;
    const { parts } = pending;
    if (type === frameTypes.part) return onPart(pending, payload, contentType);
    if (type === frameTypes.error) return settle(parts.fail(payload));
    if (parts.count > 0) return payload.length > 0 ? violation('a whole response after pieces of one') : settle(parts.end());
    if (pending.hasReceiver && payload.length <= responseBytesMax) {
      // A response that came whole is a stream of one piece, whose reader nobody waits for.
      parts.add(payload, contentType === '' ? undefined : contentType, () => undefined);
      return settle(parts.end());
    }
    if (payload.length > responseBytesMax) return settle({ kind: 'response-too-large', bytes: payload.length });
    settle({ kind: 'response', payload, ...(contentType === '' ? {} : { contentType }) });
  }

  function onPart(to: Pending, payload: Buffer, contentType: string): void {
    const cost = payload.length + streamPartOverheadBytes;
    to.room -= cost;
    if (to.room < 0) return violation('more of a response than may be on its way');
    const refusal = to.parts.add(payload, contentType === '' ? undefined : contentType, () => {
      to.room += cost;
      if (pending !== to) return;
      const taken = Buffer.allocUnsafe(4);
      taken.writeUInt32BE(cost);
      toFunction.write(encodeFrame(frameTypes.room, taken));
    });
    if (!refusal) return;
    settle(refusal);
    close();
  }

  const isLoading = (): boolean => state === 'loading' && hasHello;
  const onFrame = ({ type, body }: Frame): void => {
    if (state === 'closed') return;
    if (type === frameTypes.hello) {
      if (hasHello) return violation('a second hello');
      hasHello = true;
      return booted.resolve();
    }
    if (!listener) return violation('a frame before there is a function');
    switch (type) {
      case frameTypes.ready:
        if (!isLoading()) return violation('ready out of turn');
        state = 'idle';
        return init.resolve({ kind: 'ready' });
      case frameTypes.initError:
        if (!isLoading()) return violation('init error out of turn');
        return init.resolve({ kind: 'init-error', payload: body });
      case frameTypes.response:
      case frameTypes.error:
      case frameTypes.part:
        return onAnswer(type, body);
      case frameTypes.record:
        return listener.onRecord(utf8.decode(body));
      case frameTypes.stdout:
        return listener.onStream('stdout', body);
      case frameTypes.stderr:
        return listener.onStream('stderr', body);
      case frameTypes.exiting:
        announcedExit = body.length === 4 ? body.readInt32BE(0) : undefined;
        return;
      default:
        return violation('a frame that only the server sends');
    }
  };

  fromFunction.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk, onFrame);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      if (error.type === frameTypes.response && pending) {
        const overhead = 2 + pending.requestId.length + 'application/json'.length;
        settle({ kind: 'response-too-large', bytes: error.bytes - overhead });
        return close();
      }
      violation(error.message);
    }
  });
  // A process that ends while we write or read is not an error here: its exit tells the story.
  fromFunction.on('error', () => undefined);
  toFunction.on('error', () => undefined);
  toFunction.resume();
  fromFunction.once('close', () => drained.resolve());
  fromFunction.once('end', () => drained.resolve());

  return {
    init: init.promise,
    drained: drained.promise,
    booted: booted.promise,
    begin(settings, itsListener) {
      listener = itsListener;
      if (state === 'closed') return listener.onViolation('a frame before there is a function');
      state = 'loading';
      toFunction.write(encodeFrame(frameTypes.init, Buffer.from(JSON.stringify(settings))));
    },
    copy: () => void toFunction.write(encodeFrame(frameTypes.copy)),
    get announcedExit() {
      return announcedExit;
    },
    pause: () => void (state !== 'closed' && fromFunction.pause()),
    resume: () => void fromFunction.resume(),
    close,
    invoke(request) {
      return new Promise((resolve) => {
        if (state !== 'idle') return;
        state = 'busy';
        pending = { requestId: request.requestId, settle: resolve, parts: createResponseParts(request), hasReceiver: request.receiver !== undefined, room: streamWindowBytes };
        toFunction.write(encodeInvoke(request));
      });
    },
  };
}

// In one piece of memory: this is done for every invocation.
function encodeInvoke({ requestId, deadlineMs, invokedFunctionArn, clientContext, traceId, tenantId, event }: InvocationRequest): Buffer {
  const header = JSON.stringify({ requestId, deadlineMs, invokedFunctionArn, clientContext, traceId, tenantId });
  const eventStart = 9 + Buffer.byteLength(header);
  const frame = Buffer.allocUnsafe(eventStart + event.length);
  frame.writeUInt32BE(frame.length - 5, 0);
  frame[4] = frameTypes.invoke;
  frame.writeUInt32BE(eventStart - 9, 5);
  frame.write(header, 9);
  frame.set(event, eventStart);
  return frame;
}
