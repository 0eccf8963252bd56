// The Node.js runtime: reads requests from the framed channel, calls the handler, answers. Runs on Node.js 16 and later.
'use strict';

const Module = require('node:module');
const path = require('node:path');
const channel = require('./channel.cjs');
const codeCache = require('./codeCache.cjs');
const errors = require('./errors.cjs');
const logging = require('./logging.cjs');
const { installPaths, loadHandler } = require('./loader.cjs');
const streaming = require('./streaming.cjs');

const settledNever =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';
const callbacksRemoved =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';

// From here on callbacks are refused and a handler's plain return value is its answer.
const firstWithoutCallbacks = 24;

class Runtime {
  constructor() {
    this.socket = channel.receive((type, body) => this.onFrame(type, body));
    /** The request that is being answered. */
    this.requestId = undefined;
    /** What to do when the event loop runs empty. */
    this.onIdle = undefined;
    this.isLoaded = false;
  }

  onFrame(type, body) {
    if (type === channel.types.init) void this.load(JSON.parse(body.toString()));
    else if (type === channel.types.invoke) this.handleOnce(body);
    else if (type === channel.types.room) streaming.addRoom(body.readUInt32BE(0));
  }

  async load({ handler, runtimeVersion, variables }) {
    if (variables !== undefined) becomeFunction(variables);
    this.about = describeFunction(process.env);
    logging.install();
    // An open channel must not keep the loop alive while the user's code loads or runs: an empty loop means something then.
    this.socket.unref();
    try {
      streaming.installGlobal();
      this.handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, handler);
      this.isStreaming = streaming.isStreaming(this.handler);
      this.isAsync = Boolean(this.handler.constructor) && this.handler.constructor.name === 'AsyncFunction';
      this.hasCallbacks = Number.parseInt(runtimeVersion, 10) < firstWithoutCallbacks;
      if (!this.hasCallbacks && !this.isStreaming && this.handler.length >= 3) throw new errors.CallbackHandlerDeprecated(callbacksRemoved);
    } catch (error) {
      return this.failInit(error, 'Uncaught Exception', 129);
    }
    this.isLoaded = true;
    this.socket.ref();
    channel.sendReady();
  }

  failInit(error, text, code) {
    logging.logError(text, error);
    channel.sendInitError(Buffer.from(JSON.stringify(errors.toDocument(error))));
    process.exit(code);
  }

  handleOnce(body) {
    this.socket.unref();
    const headerEnd = 4 + body.readUInt32BE(0);
    const request = JSON.parse(body.toString('utf8', 4, headerEnd));
    this.requestId = request.requestId;
    logging.setRequestId(request.requestId);
    if (request.traceId === undefined) delete process.env._X_AMZN_TRACE_ID;
    else process.env._X_AMZN_TRACE_ID = request.traceId;
    let event;
    try {
      event = JSON.parse(body.toString('utf8', headerEnd));
    } catch (error) {
      return this.fail(request.requestId, error);
    }
    if (this.isStreaming) return this.runStreaming(event, request);
    if (this.hasCallbacks) return this.runWithCallback(event, request);
    return this.runWithResult(event, request);
  }

  runWithCallback(event, request) {
    const { requestId } = request;
    let isSettled = false;
    let waitsForEmptyLoop = true;
    const once = (settle) => (...values) => {
      if (isSettled) return;
      settle(...values);
      isSettled = true;
    };
    const settle = (error, result) => {
      this.onIdle = undefined;
      if (error !== undefined && error !== null) this.fail(requestId, error);
      else this.succeed(requestId, result);
    };
    const callback = once((error, result) => {
      if ((error !== undefined && error !== null) || !waitsForEmptyLoop) settle(error, result);
      else this.onIdle = () => setImmediate(() => settle(null, result));
    });
    const succeed = once((result) => settle(null, result));
    const fail = once((error) => settle(error === undefined || error === null ? 'handled' : error));
    const context = {
      succeed,
      fail,
      done: once(settle),
      get callbackWaitsForEmptyEventLoop() {
        return waitsForEmptyLoop;
      },
      set callbackWaitsForEmptyEventLoop(value) {
        waitsForEmptyLoop = value;
      },
    };
    this.onIdle = () => {
      isSettled = true;
      if (this.isAsync) this.fail(requestId, new errors.NodeJsExit(settledNever));
      else this.succeed(requestId, null);
    };
    try {
      const { handler } = this;
      const result = handler(event, Object.assign(context, describeRequest(request, this.about)), callback);
      if (result && typeof result.then === 'function') result.then(succeed, fail).catch(fail);
    } catch (error) {
      callback(error);
    }
  }

  async runWithResult(event, request) {
    const { requestId } = request;
    this.onIdle = () => this.fail(requestId, new errors.NodeJsExit(settledNever));
    try {
      const { handler } = this;
      const result = await handler(event, describeRequest(request, this.about));
      this.succeed(requestId, result);
    } catch (error) {
      this.fail(requestId, error);
    }
  }

  async runStreaming(event, request) {
    const { requestId } = request;
    this.onIdle = () => this.fail(requestId, new errors.NodeJsExit(settledNever));
    try {
      const send = (contentType, bytes) => {
        if (this.requestId === requestId) channel.sendPart(requestId, contentType, bytes);
      };
      await streaming.run(this.handler, event, describeRequest(request, this.about), { send, hold: (isHeld) => (isHeld ? this.socket.ref() : this.socket.unref()) });
      if (this.begin(requestId)) channel.sendResponse(requestId, '', '');
    } catch (error) {
      this.fail(requestId, error);
    }
  }

  succeed(requestId, result) {
    let text;
    try {
      text = JSON.stringify(result === undefined ? null : result);
    } catch {
      throw new Error('Unable to stringify response body');
    }
    if (this.begin(requestId)) channel.sendResponse(requestId, 'application/json', text === undefined ? 'null' : text);
  }

  fail(requestId, error) {
    logging.logError('Invoke Error', error);
    if (this.begin(requestId)) channel.sendError(requestId, JSON.stringify(errors.toDocument(error)));
  }

  /** True for the first answer to the request that is being served; from then on the next one is waited for. */
  begin(requestId) {
    if (this.requestId !== requestId) return false;
    this.requestId = undefined;
    this.onIdle = undefined;
    this.socket.ref();
    return true;
  }

  /** An error that nobody caught ends the process, after the invocation has been told. */
  crash(error, text, code) {
    const { requestId } = this;
    if (!this.isLoaded) return this.failInit(error, text, code);
    logging.logError(text, error);
    if (requestId !== undefined && this.begin(requestId)) channel.sendError(requestId, JSON.stringify(errors.toDocument(error)));
    process.exit(code);
  }
}

/** A process that was started ahead takes over the environment and the folder that it would have been started with. */
function becomeFunction(variables) {
  for (const name of Object.keys(process.env)) {
    if (!(name in variables)) delete process.env[name];
  }
  for (const [name, value] of Object.entries({ PWD: variables.LAMBDA_TASK_ROOT, ...variables })) {
    // Setting TZ makes the engine look for its time zone anew, even when it is the same.
    if (process.env[name] !== value) process.env[name] = value;
  }
  // NODE_PATH was read when the process started.
  Module._initPaths();
  process.chdir(variables.LAMBDA_TASK_ROOT);
}

/** What is the same for all requests. Looking at a variable takes a way into the operating system's own list of them. */
function describeFunction(variables) {
  return {
    version: variables.AWS_LAMBDA_FUNCTION_VERSION,
    name: variables.AWS_LAMBDA_FUNCTION_NAME,
    memory: variables.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroup: variables.AWS_LAMBDA_LOG_GROUP_NAME,
    logStream: variables.AWS_LAMBDA_LOG_STREAM_NAME,
  };
}

function describeRequest({ requestId, deadlineMs, invokedFunctionArn, clientContext, identity, tenantId }, about) {
  return {
    functionVersion: about.version,
    functionName: about.name,
    memoryLimitInMB: about.memory,
    logGroupName: about.logGroup,
    logStreamName: about.logStream,
    clientContext: clientContext === undefined ? undefined : JSON.parse(clientContext),
    identity: identity === undefined ? undefined : JSON.parse(identity),
    invokedFunctionArn,
    awsRequestId: requestId,
    ...(tenantId === undefined ? {} : { tenantId }),
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

const runtime = new Runtime();
process.on('uncaughtException', (error) => runtime.crash(error, 'Uncaught Exception', 129));
process.on('unhandledRejection', (reason, promise) =>
  runtime.crash(new errors.UnhandledPromiseRejection(reason, promise), 'Unhandled Promise Rejection', 128));
process.on('beforeExit', () => {
  const { onIdle } = runtime;
  runtime.onIdle = undefined;
  if (onIdle) onIdle();
  // The code that the real runtime's own unsettled top-level await ends with.
  else if (!runtime.isLoaded) process.exitCode = 13;
});
process.on('exit', (code) => channel.sendExiting(code));
logging.installStreams();
installPaths();
codeCache.install(process.env.HANEUL_PACKAGES || path.join(__dirname, 'node_modules'));
// The first module that is loaded and the first name that is resolved cost more than all others: not while somebody waits.
void loadHandler(__dirname, 'warm.handler').finally(() => {
  delete require.cache[require.resolve('./warm.js')];
  channel.sendHello();
});
