// What handlers written for Python may do, and what a caller sees when they fail.
// Sources: Lambda developer guide, "Define Lambda function handler in Python" and "Using the Lambda context object to
// retrieve Python function information"; the runtime interface client aws/aws-lambda-python-runtime-interface-client
// (awslambdaric/bootstrap.py) for error documents.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createFunction, invoke, uniqueName, type FunctionSettings, type Invocation } from '../../support/functions.ts';
import { useServer } from '../../support/useServer.ts';

type Json = Record<string, unknown>;

const scene = useServer();

async function run(source: string, event: unknown = {}, settings: Partial<FunctionSettings> = {}): Promise<Invocation> {
  const { aws, roleArn } = scene();
  const name = await createFunction(aws.lambda, { Role: roleArn, Runtime: 'python3.12', Handler: 'app.handler', files: { 'app.py': source }, ...settings });
  return invoke(aws.lambda, name, event, { LogType: 'Tail' });
}

function answers(invocation: Invocation, expected: unknown): void {
  assert.equal(invocation.functionError, undefined, invocation.text.slice(0, 1_000));
  assert.deepEqual(invocation.payload, expected);
}

function fails(invocation: Invocation, expected: { readonly errorType: string; readonly errorMessage: string | RegExp }): Json {
  assert.deepEqual([invocation.status, invocation.functionError], [200, 'Unhandled'], invocation.text.slice(0, 1_000));
  const { errorType, errorMessage } = invocation.payload as Json;
  assert.equal(errorType, expected.errorType, invocation.text.slice(0, 1_000));
  if (typeof expected.errorMessage === 'string') assert.equal(errorMessage, expected.errorMessage);
  else assert.match(String(errorMessage), expected.errorMessage);
  return invocation.payload as Json;
}

suite('Python handlers that answer', () => {
  test('a handler answers what it returns', async () => {
    answers(await run('def handler(event, context):\n    return {"doubled": event["n"] * 2}\n', { n: 21 }), { doubled: 42 });
  });
  test('a handler that returns nothing answers null', async () => {
    answers(await run('def handler(event, context):\n    pass\n'), null);
  });
  test('a handler may live in a package', async () => {
    const files = { 'pkg/__init__.py': '', 'pkg/app.py': 'from .helper import text\n\ndef run(event, context):\n    return text()\n', 'pkg/helper.py': 'def text():\n    return "nested"\n' };
    answers(await run('', {}, { files, Handler: 'pkg.app.run' }), 'nested');
  });
  test('a handler may be called as the runtime is, which is compiled once for all', async () => {
    const source = 'import sys\n\ndef handler(event, context):\n    frame = sys._getframe(1)\n    return [__file__, frame.f_code.co_filename, sys.modules["__main__"].bootstrap.__cached__]\n';
    const { functionError, text, payload } = await run('', {}, { files: { 'bootstrap.py': source }, Handler: 'bootstrap.handler' });
    assert.equal(functionError, undefined, text);
    const [own, caller, cached] = payload as string[];
    assert.deepEqual([own, caller], ['/var/task/bootstrap.py', '/var/runtime/bootstrap.py']);
    assert.match(cached ?? '', /\/var\/runtime\/__pycache__\/bootstrap\.cpython-\d+\.pyc/);
  });
  test('text beyond ASCII comes and goes unharmed', async () => {
    answers(await run('def handler(event, context):\n    return event\n', { text: 'Grüße, 世界 🌍' }), { text: 'Grüße, 世界 🌍' });
  });
  test('the context is complete', async () => {
    const FunctionName = uniqueName('context');
    const source = `def handler(event, context):
    return {
        'function_name': context.function_name, 'function_version': context.function_version,
        'invoked_function_arn': context.invoked_function_arn, 'memory': context.memory_limit_in_mb,
        'aws_request_id': context.aws_request_id, 'log_group_name': context.log_group_name,
        'log_stream_name': context.log_stream_name, 'remaining': context.get_remaining_time_in_millis(),
        'client_context': context.client_context,
    }
`;
    const invocation = await run(source, {}, { FunctionName, MemorySize: 192, Timeout: 5 });
    const { remaining, log_stream_name: stream, ...rest } = invocation.payload as Json;
    assert.deepEqual(rest, {
      function_name: FunctionName,
      function_version: '$LATEST',
      invoked_function_arn: `arn:aws:lambda:us-east-1:000000000000:function:${FunctionName}`,
      memory: '192',
      aws_request_id: invocation.requestId,
      log_group_name: `/aws/lambda/${FunctionName}`,
      client_context: null,
    });
    assert.match(String(stream), /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    assert.ok(Number(remaining) > 0 && Number(remaining) <= 5_000);
  });
  test('print and logging reach the log', async () => {
    const source = `import logging
logger = logging.getLogger()
logger.setLevel('INFO')

def handler(event, context):
    print('printed')
    logger.info('logged')
`;
    const invocation = await run(source);
    assert.match(invocation.logTail, /^printed$/m);
    // "[LEVEL]\ttimestamp\trequest id\tmessage" (developer guide, "Log and monitor Python Lambda functions").
    assert.match(invocation.logTail, new RegExp(`^\\[INFO\\]\t\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\t${invocation.requestId}\tlogged$`, 'm'));
  });
});

suite('Python handlers that fail', () => {
  test('an exception names its type, message and stack', async () => {
    const invocation = await run('def handler(event, context):\n    raise ValueError("no stock")\n');
    const payload = fails(invocation, { errorType: 'ValueError', errorMessage: 'no stock' });
    assert.deepEqual(payload, {
      errorMessage: 'no stock',
      errorType: 'ValueError',
      requestId: invocation.requestId,
      stackTrace: ['  File "/var/task/app.py", line 2, in handler\n    raise ValueError("no stock")\n'],
    });
  });
  test('an exception class of its own keeps its name', async () => {
    fails(await run('class OrderRefused(Exception):\n    pass\n\ndef handler(event, context):\n    raise OrderRefused("later")\n'), { errorType: 'OrderRefused', errorMessage: 'later' });
  });
  test('a module that is missing is named', async () => {
    fails(await run('import absent_module\n\ndef handler(event, context):\n    pass\n'), {
      errorType: 'Runtime.ImportModuleError',
      errorMessage: "Unable to import module 'app': No module named 'absent_module'",
    });
  });
  test('a file that is missing is named', async () => {
    fails(await run('', {}, { Handler: 'absent.handler' }), { errorType: 'Runtime.ImportModuleError', errorMessage: "Unable to import module 'absent': No module named 'absent'" });
  });
  test('a handler that is missing is named', async () => {
    fails(await run('def other(event, context):\n    pass\n'), { errorType: 'Runtime.HandlerNotFound', errorMessage: "Handler 'handler' missing on module 'app'" });
  });
  test('a syntax error is told with file and line', async () => {
    fails(await run('def handler(event, context)\n    pass\n'), { errorType: 'Runtime.UserCodeSyntaxError', errorMessage: /^Syntax error in module 'app': .*\(app\.py, line 1\)$/ });
  });
  test('a handler without a dot is malformed', async () => {
    fails(await run('def handler(event, context):\n    pass\n', {}, { Handler: 'app' }), { errorType: 'Runtime.MalformedHandlerName', errorMessage: /^Bad handler 'app': not enough values to unpack/ });
  });
  test('a throw while loading is an init error', async () => {
    fails(await run('raise RuntimeError("while loading")\n'), { errorType: 'RuntimeError', errorMessage: 'while loading' });
  });
  test('a result that is not JSON is refused by the runtime', async () => {
    fails(await run('def handler(event, context):\n    return {1, 2}\n'), {
      errorType: 'Runtime.MarshalError',
      errorMessage: 'Unable to marshal response: Object of type set is not JSON serializable',
    });
  });
  test('sys.exit is told as an exit', async () => {
    const invocation = await run('import sys\n\ndef handler(event, context):\n    sys.exit(3)\n');
    fails(invocation, { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${invocation.requestId} Error: Runtime exited with error: exit status 3` });
  });
  test('running out of memory is told as a kill', async () => {
    const source = 'def handler(event, context):\n    kept = []\n    for _ in range(64):\n        kept.append(bytearray(b"1" * (16 * 1024 * 1024)))\n    return len(kept)\n';
    fails(await run(source, {}, { MemorySize: 128, Timeout: 20 }), { errorType: 'Runtime.ExitError', errorMessage: /^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: signal: killed$/ });
  });
  test('the timeout ends the invocation', async () => {
    const invocation = await run('import time\n\ndef handler(event, context):\n    time.sleep(60)\n', {}, { Timeout: 1 });
    assert.equal(invocation.functionError, 'Unhandled');
    assert.match(String((invocation.payload as Json)['errorMessage']), /Task timed out after 1\.00 seconds$/);
  });
});
