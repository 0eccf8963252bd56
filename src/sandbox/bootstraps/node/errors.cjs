// Errors as documents and as log text, in the form of the official runtime.
'use strict';

const util = require('node:util');

function makeClass(name) {
  return { [name]: class extends Error {
    get name() {
      return `Runtime.${name}`;
    }
  } }[name];
}

const names = ['ImportModuleError', 'HandlerNotFound', 'MalformedHandlerName', 'UserCodeSyntaxError', 'CallbackHandlerDeprecated', 'NodeJsExit', 'MalformedStreamingHandler', 'InvalidStreamingOperation'];
for (const name of names) exports[name] = makeClass(name);

exports.UnhandledPromiseRejection = class extends makeClass('UnhandledPromiseRejection') {
  constructor(reason, promise) {
    super(reason);
    this.reason = reason;
    this.promise = promise;
  }
};

const looksLikeError = (value) =>
  Boolean(value) && ['name', 'message', 'stack'].every((key) => typeof value[key] === 'string' && value[key] !== '');

/** What a caller receives. */
exports.toDocument = (error) => {
  try {
    if (util.types.isNativeError(error) || looksLikeError(error)) {
      return { errorType: error.name, errorMessage: error.message, trace: error.stack.split('\n') };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
};

/** What the log shows: every enumerable property besides, and the stack as an array. */
exports.toLogText = (thrown) => {
  const error = thrown instanceof Error ? thrown : new Error(thrown);
  try {
    return `\t${JSON.stringify(error, (_key, value) => (value instanceof Error ? withOwnProperties(value) : value))}`;
  } catch {
    return `\t${JSON.stringify(exports.toDocument(error))}`;
  }
};

function withOwnProperties(error) {
  const shown = { errorType: error.name, errorMessage: error.message, code: error.code, ...error };
  if (typeof error.stack === 'string') shown.stack = error.stack.split('\n');
  return shown;
}
