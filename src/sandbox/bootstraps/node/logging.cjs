// console in Lambda's formats, and stdout and stderr in order with the answers.
'use strict';

const util = require('node:util');
const { sendRecord, sendStream } = require('./channel.cjs');
const { toLogText } = require('./errors.cjs');

// Published under this name by the official runtime; log libraries read it.
const requestIdKey = Symbol.for('aws.lambda.runtime.requestId');
const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

exports.setRequestId = (requestId) => {
  globalThis[requestIdKey] = requestId;
};

/** Replaces what console writes, and how: once the variables are known that decide it. */
exports.install = () => {
  const isJson = (process.env.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON';
  const format = isJson ? formatJson : formatText;
  const lowest = Math.max(0, levels.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL || '').toUpperCase()));
  for (const level of levels) {
    const isShown = levels.indexOf(level) >= lowest || level === 'FATAL';
    const method = (...values) => {
      if (isShown) sendRecord(`${format(level, values)}\n`);
    };
    console[level.toLowerCase()] = method;
    if (level === 'INFO') console.log = method;
  }
  exports.logError = isJson
    ? (_text, error) => console.error(error instanceof Error ? error : new Error(error))
    : (text, error) => console.error(text, toLogText(error));
};

/** Done ahead: making the two streams takes a millisecond. */
exports.installStreams = () => {
  for (const [stream, fd] of [[process.stdout, 1], [process.stderr, 2]]) patchStream(stream, fd);
};

function formatText(level, values) {
  return `${new Date().toISOString()}\t${globalThis[requestIdKey]}\t${level}\t${util.format(...values)}`;
}

function formatJson(level, values) {
  const record = { timestamp: new Date().toISOString(), level, requestId: globalThis[requestIdKey] };
  if (values.length === 1) {
    try {
      return JSON.stringify({ ...record, message: values[0] }, (_key, value) => (value instanceof Error ? describe(value, true) : value));
    } catch {
      return JSON.stringify({ ...record, message: util.format(values[0]) });
    }
  }
  const error = values.find((value) => value instanceof Error);
  return JSON.stringify({ ...record, message: util.format(...values), ...(error ? describe(error, false) : {}) });
}

function describe(error, withProperties) {
  const shown = {
    errorType: (error.constructor && error.constructor.name) || 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
  };
  return withProperties ? { ...shown, ...error } : shown;
}

function patchStream(stream, fd) {
  stream.write = (chunk, encodingOrCallback, maybeCallback) => {
    const callback = typeof encodingOrCallback === 'function' ? encodingOrCallback : maybeCallback;
    const encoding = typeof encodingOrCallback === 'string' ? encodingOrCallback : 'utf8';
    sendStream(fd, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (typeof callback === 'function') process.nextTick(callback);
    return true;
  };
}
