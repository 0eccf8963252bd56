// `awslambda.streamifyResponse`: the handler gets a stream to write its answer into. The answer is collected and sent whole.
'use strict';

const { Writable } = require('node:stream');
const { MalformedStreamingHandler } = require('./errors.cjs');

const handlerKey = Symbol.for('aws.lambda.runtime.handler.streaming');

exports.installGlobal = () => {
  if (['1', 'true'].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) return;
  globalThis.awslambda = {
    streamifyResponse(handler) {
      handler[handlerKey] = 'response';
      return handler;
    },
    HttpResponseStream: {
      /** The prelude that function URLs and API Gateway read: a JSON head, eight zero bytes, the body. */
      from(stream, head) {
        stream.setContentType('application/vnd.awslambda.http-integration-response');
        stream.write(`${JSON.stringify(head)}\0\0\0\0\0\0\0\0`);
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

/** Runs a streaming handler and answers what it wrote. */
exports.run = async (handler, event, context) => {
  const parts = [];
  let contentType = 'application/octet-stream';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      parts.push(chunk);
      done();
    },
  });
  stream.setContentType = (value) => {
    contentType = value;
  };
  const finished = new Promise((resolve, reject) => stream.once('finish', resolve).once('error', reject));
  finished.catch(() => undefined);
  const result = handler(event, stream, context);
  if (!result || typeof result.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
  await result;
  if (!stream.writableEnded) throw new Error('Response stream is not finished.');
  await finished;
  return { contentType, payload: Buffer.concat(parts) };
};
