// `awslambda.streamifyResponse`: the handler gets a stream to write its answer into. What is written is sent at once, as long as there
// is room on the way; then the stream itself waits, and says so by its own means (`write` answers false, then `drain`).
'use strict';

const { Writable } = require('node:stream');
const { InvalidStreamingOperation, MalformedStreamingHandler } = require('./errors.cjs');

const handlerKey = Symbol.for('aws.lambda.runtime.handler.streaming');
const markKey = Symbol('high-water mark');
const preludeKey = Symbol('prelude');
/** As src/sandbox/limits.ts, streamWindowBytes. */
const windowBytes = 256 * 1024;
/** As there, streamPartOverheadBytes. */
const overheadBytes = 256;
const partBytesMax = 64 * 1024;
const preludeType = 'application/vnd.awslambda.http-integration-response';

exports.installGlobal = () => {
  if (['1', 'true'].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) return;
  globalThis.awslambda = {
    streamifyResponse(handler, options) {
      handler[handlerKey] = 'response';
      const highWaterMark = options && Number.parseInt(options.highWaterMark, 10);
      if (highWaterMark > 0) handler[markKey] = highWaterMark;
      return handler;
    },
    HttpResponseStream: {
      /**
       * The prelude that function URLs and API Gateway read: a JSON head, eight zero bytes, the body. It goes out with the first byte of the
       * body: a handler that fails before that has not answered yet.
       */
      from(stream, head) {
        stream.setContentType(preludeType);
        stream[preludeKey] = Buffer.from(`${JSON.stringify(head)}\0\0\0\0\0\0\0\0`);
        return stream;
      },
    },
  };
};

exports.isStreaming = (handler) => {
  const mark = handler[handlerKey];
  if (mark === undefined || mark === null || mark === false) return false;
  if (mark !== 'response') throw new MalformedStreamingHandler('Only response streaming is supported.');
  return true;
};

let room = windowBytes;
let onRoom;

/** The reader has taken so many bytes. */
exports.addRoom = (bytes) => {
  room += bytes;
  const waiting = onRoom;
  onRoom = undefined;
  if (waiting) waiting();
};

/**
 * Runs a streaming handler. `send` takes the pieces of its answer; while `hold` holds, the process waits for its reader, which an empty
 * event loop must not end.
 */
exports.run = async (handler, event, context, { send, hold }) => {
  room = windowBytes;
  onRoom = undefined;
  let contentType = 'application/octet-stream';
  let hasBegun = false;

  function sendAll(chunk, done) {
    let rest = chunk;
    while (rest.length > 0 && room > overheadBytes) {
      const part = rest.subarray(0, Math.min(room - overheadBytes, partBytesMax));
      rest = rest.subarray(part.length);
      room -= part.length + overheadBytes;
      send(hasBegun ? '' : contentType, part);
      hasBegun = true;
    }
    if (rest.length === 0) return done();
    hold(true);
    onRoom = () => {
      hold(false);
      sendAll(rest, done);
    };
  }

  function withPrelude(chunk) {
    const prelude = stream[preludeKey];
    if (prelude === undefined) return chunk;
    stream[preludeKey] = undefined;
    return Buffer.concat([prelude, chunk]);
  }

  const stream = new Writable({
    ...(handler[markKey] === undefined ? {} : { highWaterMark: handler[markKey] }),
    write: (chunk, _encoding, done) => sendAll(withPrelude(chunk), done),
    final(done) {
      const rest = withPrelude(Buffer.alloc(0));
      if (rest.length > 0) return sendAll(rest, done);
      // An answer of no bytes has a type too.
      if (!hasBegun) send(contentType, rest);
      hasBegun = true;
      done();
    },
  });
  stream.setContentType = (value) => {
    if (hasBegun) throw new InvalidStreamingOperation('Cannot set content-type, too late.');
    contentType = String(value);
  };
  const finished = new Promise((resolve, reject) => stream.once('finish', resolve).once('error', reject));
  finished.catch(() => undefined);
  const result = handler(event, stream, context);
  if (!result || typeof result.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
  await result;
  if (!stream.writableEnded) throw new Error('Response stream is not finished.');
  await finished;
};
