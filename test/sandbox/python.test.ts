import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionArn, initError, openTestSandbox, python } from './harness.ts';
import type { FunctionOptions, TestFunction } from './harness.ts';

const { start } = await openTestSandbox();

/** Starts a function from the text of its app.py and ends it after the test's body. */
async function run(source: string, body: (started: TestFunction) => Promise<void>, options: Partial<FunctionOptions> = {}): Promise<void> {
  const started = await start({ runtime: python, files: { 'app.py': source }, ...options });
  try {
    await body(started);
  } finally {
    await started.environment.kill();
  }
}

test('the Python runtime imports modules, packages and nested folders, and finds layers', async () => {
  const source = 'import word\ndef handler(event, context):\n    return [__name__, word.word]\n';
  const layers = { 'python/word.py': 'word = "from a layer"\n' };
  await run('', async (f) => assert.deepEqual(await f.call(), ['src.app', 'from a layer']), { files: { 'src/app.py': source }, handler: 'src/app.handler', layers });
  await run('', async (f) => assert.deepEqual(await f.call(), ['pkg.app', 'from a layer']), {
    files: { 'pkg/__init__.py': '', 'pkg/app.py': source }, handler: 'pkg.app.handler', layers,
  });
});

test('the Python runtime gives a complete context', async () => {
  const source = `
import os
def handler(event, c):
    return {"fields": [c.function_name, c.function_version, c.memory_limit_in_mb, c.log_group_name, c.log_stream_name, c.aws_request_id, c.invoked_function_arn],
            "remaining": c.get_remaining_time_in_millis(), "custom": c.client_context.custom, "title": c.client_context.client.app_title,
            "identity": [c.identity.cognito_identity_id, c.identity.cognito_identity_pool_id], "trace": os.environ.get("_X_AMZN_TRACE_ID")}
`;
  await run(source, async (f) => {
    const clientContext = '{"custom":{"who":"tést"},"client":{"app_title":"t"}}';
    const { remaining, ...rest } = (await f.call({}, { requestId: 'id-1', clientContext, traceId: 'Root=1-x', timeoutMs: 5000 })) as Record<string, unknown>;
    assert.ok(typeof remaining === 'number' && remaining > 3000 && remaining <= 5000, String(remaining));
    assert.deepEqual(rest, {
      fields: ['probe', '$LATEST', '1769', '/aws/lambda/probe', '2026/01/01/[$LATEST]0123456789abcdef', 'id-1', functionArn],
      custom: { who: 'tést' }, title: 't', identity: [null, null], trace: 'Root=1-x',
    });
  });
});

test('the Python runtime reports an exception exactly, and logs it as one event', async () => {
  const source = 'def inner():\n    raise ValueError("boom")\n\ndef handler(event, context):\n    inner()\n';
  await run(source, async (f) => {
    assert.deepEqual(await f.fail({}, { requestId: 'id-2' }), {
      errorMessage: 'boom', errorType: 'ValueError', requestId: 'id-2',
      stackTrace: [
        '  File "/var/task/app.py", line 5, in handler\n    inner()\n',
        '  File "/var/task/app.py", line 2, in inner\n    raise ValueError("boom")\n',
      ],
    });
    const space = '\u00a0';
    assert.deepEqual(f.chunks.map(({ text }) => text), [
      [
        '[ERROR] ValueError: boom', 'Traceback (most recent call last):',
        `${space.repeat(2)}File "/var/task/app.py", line 5, in handler`, `${space.repeat(4)}inner()`,
        `${space.repeat(2)}File "/var/task/app.py", line 2, in inner`, `${space.repeat(4)}raise ValueError("boom")`, '',
      ].join('\n'),
    ]);
  });
});

test('the Python runtime names what is wrong with a handler before any event', async () => {
  const cases = [
    [{ 'app.py': 'import nope\n' }, 'app.handler', 'Runtime.ImportModuleError', "Unable to import module 'app': No module named 'nope'"],
    [{ 'other.py': '' }, 'app.handler', 'Runtime.ImportModuleError', "Unable to import module 'app': No module named 'app'"],
    [{ 'app.py': 'x = 1\n' }, 'app.handler', 'Runtime.HandlerNotFound', "Handler 'handler' missing on module 'app'"],
    [{ 'app.py': 'def handler(:\n' }, 'app.handler', 'Runtime.UserCodeSyntaxError', "Syntax error in module 'app': invalid syntax (app.py, line 1)"],
    [{ 'app.py': '' }, 'app', 'Runtime.MalformedHandlerName', "Bad handler 'app': not enough values to unpack (expected 2, got 1)"],
    [{ 'sys.py': '' }, 'sys.handler', 'Runtime.BuiltInModuleConflict', 'Cannot use built-in module sys as a handler module'],
    [{ 'app.py': 'raise KeyError("at load")\n' }, 'app.handler', 'KeyError', "'at load'"],
  ] as const;
  for (const [files, handler, errorType, errorMessage] of cases) {
    await run('', async (f) => {
      const error = await initError(f);
      assert.equal(error.errorType, errorType);
      assert.equal(error.errorMessage, errorMessage);
      assert.equal(error.requestId, '');
      assert.ok(f.output().startsWith(`[ERROR] ${errorType}: ${errorMessage}`), f.output());
      assert.equal((await f.environment.exited).code, 1);
    }, { files, handler });
  }
});

test('the Python runtime writes JSON as the official one does', async () => {
  const source = `
import datetime, decimal
def handler(event, context):
    kind = event["kind"]
    if kind == "datetime": return {"at": datetime.datetime(2026, 1, 1)}
    if kind == "decimal": return {"price": decimal.Decimal("19.90"), "nan": None}
    if kind == "text": return "é"
    if kind == "bytes": return b"[1]"
    if kind == "set": return {1}
`;
  await run(source, async (f) => {
    const raw = async (kind: string): Promise<string> => {
      const outcome = await f.invoke({ kind });
      return outcome.kind === 'response' ? `${Buffer.from(outcome.payload).toString()} ${outcome.contentType}` : outcome.kind;
    };
    await f.environment.init;
    assert.equal(await raw('decimal'), '{"price": 19.90, "nan": null} application/json');
    assert.equal(await raw('text'), '"\\u00e9" application/json');
    assert.equal(await raw('bytes'), '[1] application/unknown');
    assert.equal(await raw('none'), 'null application/json');
    const error = await f.fail({ kind: 'datetime' });
    assert.equal(error.errorType, 'Runtime.MarshalError');
    assert.equal(error.errorMessage, 'Unable to marshal response: Object of type datetime is not JSON serializable');
    assert.deepEqual(error.stackTrace, []);
    assert.equal((await f.fail({ kind: 'set' })).errorMessage, 'Unable to marshal response: Object of type set is not JSON serializable');
  });
  await run(source, async (f) => {
    const outcome = await f.environment.init.then(() => f.invoke({ kind: 'text' }));
    assert.equal(outcome.kind === 'response' ? Buffer.from(outcome.payload).toString() : outcome.kind, '"é"');
  }, { variables: { AWS_EXECUTION_ENV: 'AWS_Lambda_python3.12' } });
});

test('the Python runtime refuses a result that is no text, and tells an error whatever it holds', async () => {
  const source = 'def handler(event, context):\n    if event == "raise":\n        raise ValueError("half \\ud800 pair")\n    return {"half": "\\ud800"}\n';
  for (const version of ['3.11', '3.12']) {
    await run(
      source,
      async (f) => {
        const { errorMessage } = await f.fail('raise');
        assert.equal(errorMessage, 'half \ud800 pair');
        // Releases before python3.12 write escapes, as JSON allows.
        if (version === '3.11') return assert.deepEqual(await f.call(), { half: '\ud800' });
        const error = await f.fail();
        assert.equal(error.errorType, 'Runtime.MarshalError');
        assert.match(error.errorMessage ?? '', /^Unable to marshal response: 'utf-8' codec can't encode character '\\ud800'/);
      },
      { variables: { AWS_EXECUTION_ENV: `AWS_Lambda_python${version}` } },
    );
  }
});

test('the Python runtime shows the standard library where AWS has it, in messages and in traces', async () => {
  await run('from json import nothing\n', async (f) => {
    const { errorMessage } = await initError(f);
    assert.match(errorMessage ?? '', /^Unable to import module 'app': cannot import name 'nothing' from 'json' \(\/var\/lang\/lib\/python3\.\d+\/json\/__init__\.py\)$/);
  });
  await run('import json\ndef handler(event, context):\n    return json.loads("{")\n', async (f) => {
    const { stackTrace = [] } = await f.fail();
    assert.ok(stackTrace.length > 1);
    for (const line of stackTrace) assert.match(line, /^ {2}File "\/var\/(task|lang\/lib\/python3\.\d+)\//);
  });
});

test('the Python runtime keeps what is printed in order: print, logging, child processes, forks', async () => {
  const source = `
import logging, os, subprocess, sys
logging.getLogger().setLevel(logging.INFO)
print("init")
def handler(event, context):
    print("half ", end="")
    print("line\\nsecond")
    logging.info("two\\nlines")
    print("err", file=sys.stderr)
    subprocess.run(["sh", "-c", "echo child"], stdout=sys.stdout)
    pid = os.fork()
    if pid == 0:
        print("forked", flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
`;
  await run(source, async (f) => {
    await f.call({}, { requestId: 'id-3' });
    const texts = f.chunks.map(({ text }) => text.replace(/\t\S+Z\t/, '\tT\t'));
    assert.deepEqual(texts.slice(0, 5), ['init\n', 'half line\n', 'second\n', '[INFO]\tT\tid-3\ttwo\nlines\n', 'err\n']);
    assert.deepEqual(texts.slice(5), ['child\n', 'forked\n']);
  });
});

test('the Python runtime writes logs as JSON, from the level that is asked for', async () => {
  const source = 'import logging\ndef handler(event, context):\n    logging.info("seen %d", 1, extra={"more": 2})\n    logging.debug("hidden")\n    raise ValueError("x")\n';
  await run(source, async (f) => {
    await f.fail({}, { requestId: 'id-4' });
    const records = f.chunks.map(({ text }) => JSON.parse(text) as Record<string, unknown>);
    assert.deepEqual({ ...records[0], timestamp: '' }, { timestamp: '', level: 'INFO', message: 'seen 1', logger: 'root', more: 2, requestId: 'id-4' });
    assert.equal(records[1]?.['errorType'], 'ValueError');
    assert.equal(records.length, 2);
  }, { variables: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' } });
});

test('the Python runtime tells exits with their code', async () => {
  for (const [statement, code] of [['sys.exit(3)', 3], ['sys.exit("bad")', 1], ['sys.exit()', 0], ['sys.exit(200)', 200], ['os._exit(4)', 4]] as const) {
    await run(`import os, sys\ndef handler(event, context):\n    print("last words")\n    ${statement}\n`, async (f) => {
      await f.environment.init;
      assert.deepEqual(await f.invoke(), { kind: 'exited', exit: { code, signal: undefined, outOfMemory: false } }, statement);
      assert.match(f.output(), /last words/);
    });
  }
});

test('the Python runtime runs on every release that is installed', async () => {
  for (const version of ['3.8', '3.9', '3.10', '3.12', '3.13']) {
    await run('import sys, json, ssl\ndef handler(event, context):\n    return [sys.version_info[0], event]\n', async (f) => {
      assert.deepEqual(await f.call({ version }), [3, { version }]);
    }, { runtime: { family: 'python', version } });
  }
});
