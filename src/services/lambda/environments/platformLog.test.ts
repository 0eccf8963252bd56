import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';

const arn = `arn:aws:lambda:us-east-1:${account}:function:hello`;
const json = { LogFormat: 'JSON' as const };

interface PlatformRecord {
  readonly time: string;
  readonly type: string;
  readonly record: Readonly<Record<string, unknown>>;
}

const recordsOf = ({ logged }: TestLambda): PlatformRecord[] =>
  logged.map(({ event }) => event.message).filter((text) => text.includes('"platform.')).map((text) => JSON.parse(text) as PlatformRecord);

const withJson = (LoggingConfig: object, run: (bench: TestLambda) => Promise<void>): Promise<void> =>
  withLambda(async (bench) => {
    await bench.call('CreateFunction', { ...helloFunction, LoggingConfig: { ...json, ...LoggingConfig } });
    await run(bench);
  });

/** Invokes, and waits until the report is written. */
async function invoke({ call }: TestLambda, requestId = 'one'): Promise<void> {
  const answer = await call('Invoke', { FunctionName: 'hello', Payload: undefined, LogType: 'Tail' }, { requestId });
  assert.ok(answer.LogResult !== undefined);
}

test('createJsonPlatformLog writes start and report, and initStart once, at the level INFO', () =>
  withJson({}, async (bench) => {
    await invoke(bench);
    await invoke(bench, 'two');
    const records = recordsOf(bench);
    const time = new Date(bench.clock.now()).toISOString();
    assert.deepEqual(records.map(({ type }) => type), ['platform.initStart', 'platform.start', 'platform.report', 'platform.start', 'platform.report']);
    const [initStart, start, report] = records;
    const { runtimeVersionArn, ...named } = initStart?.record ?? {};
    assert.match(String(runtimeVersionArn), /^arn:aws:lambda:us-east-1::runtime:/);
    assert.deepEqual(named, { initializationType: 'on-demand', phase: 'init', runtimeVersion: 'nodejs:22.v1', functionName: 'hello', functionVersion: '$LATEST' });
    assert.deepEqual(start, { time, type: 'platform.start', record: { requestId: 'one', functionArn: arn, version: '$LATEST' } });
    const metrics = { durationMs: 0, billedDurationMs: 13, memorySizeMB: 128, maxMemoryUsedMB: 36, initDurationMs: 12.5 };
    assert.deepEqual(report, { time, type: 'platform.report', record: { requestId: 'one', metrics, status: 'success' } });
  }));

test('createJsonPlatformLog adds the done records at DEBUG', () =>
  withJson({ SystemLogLevel: 'DEBUG' }, async (bench) => {
    await invoke(bench);
    const records = recordsOf(bench);
    assert.deepEqual(
      records.map(({ type }) => type.replace('platform.', '')),
      ['initStart', 'initRuntimeDone', 'initReport', 'start', 'runtimeDone', 'report'],
    );
    const recordOf = (type: string): unknown => records.find((record) => record.type === `platform.${type}`)?.record;
    assert.deepEqual(recordOf('initReport'), { initializationType: 'on-demand', phase: 'init', status: 'success', metrics: { durationMs: 12.5 } });
    assert.deepEqual(recordOf('runtimeDone'), { requestId: 'one', status: 'success', metrics: { durationMs: 0, producedBytes: 2 } });
  }));

test('createJsonPlatformLog keeps failures only at WARN', () =>
  withJson({ SystemLogLevel: 'WARN' }, async (bench) => {
    await invoke(bench);
    assert.deepEqual(recordsOf(bench), []);
    bench.sandbox.behaviour.invoke = () => ({ kind: 'timeout' });
    await invoke(bench, 'late');
    bench.sandbox.behaviour.invoke = () => ({ kind: 'exited', exit: { code: 3, signal: undefined, outOfMemory: false } });
    await invoke(bench, 'crash');
    const shown = recordsOf(bench).map(({ type, record }) => [type, record['requestId'], record['status'], record['errorType']]);
    assert.deepEqual(shown, [
      ['platform.runtimeDone', 'late', 'timeout', undefined],
      ['platform.report', 'late', 'timeout', undefined],
      ['platform.runtimeDone', 'crash', 'error', 'Runtime.ExitError'],
      ['platform.report', 'crash', 'error', 'Runtime.ExitError'],
    ]);
  }));

const outputs = [
  { text: '{"level":"debug","timestamp":"2026-01-01T00:00:00Z","message":"d"}\n', keptAt: ['TRACE', 'DEBUG'] },
  { text: '{"level":"WARNING","timestamp":"2026-01-01T00:00:00Z","message":"w"}\n', keptAt: ['TRACE', 'DEBUG', 'INFO', 'WARN'] },
  { text: '{"level":"ERROR","message":"no time, so INFO"}\n', keptAt: ['TRACE', 'DEBUG', 'INFO'] },
  { text: 'plain\n', keptAt: ['TRACE', 'DEBUG', 'INFO'] },
  { text: '{"level":"CRITICAL","time":"2026-01-01T00:00:00.5+01:00"}\n', keptAt: ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] },
];
for (const { text, keptAt } of outputs) {
  test(`writeOutput keeps ${text.trim()} at ${keptAt.join(', ')}`, async () => {
    for (const ApplicationLogLevel of ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const) {
      await withJson({ ApplicationLogLevel }, async (bench) => {
        bench.sandbox.behaviour.invoke = (request, spec) => {
          spec.onOutput({ timestampMs: 0, text });
          return { kind: 'response', payload: request.event };
        };
        await invoke(bench);
        assert.equal(bench.logText().includes(text), keptAt.includes(ApplicationLogLevel), ApplicationLogLevel);
      });
    }
  });
}

test('The runtime is told the format and the level, in JSON only', async () => {
  await withLambda(async (bench) => {
    const { call, sandbox } = bench;
    await call('CreateFunction', helloFunction);
    await invoke(bench);
    await call('UpdateFunctionConfiguration', { FunctionName: 'hello', LoggingConfig: { ...json, ApplicationLogLevel: 'ERROR' } });
    await invoke(bench);
    const told = sandbox.started.map(({ spec }) => [spec.variables.AWS_LAMBDA_LOG_FORMAT, spec.variables.AWS_LAMBDA_LOG_LEVEL]);
    assert.deepEqual(told, [[undefined, undefined], ['JSON', 'ERROR']]);
  });
});

test('UpdateFunctionConfiguration changes only the logging that it names, and text has no levels', async () => {
  await withLambda(async ({ call }) => {
    const loggingOf = async (LoggingConfig: object): Promise<unknown> => (await call('UpdateFunctionConfiguration', { FunctionName: 'hello', LoggingConfig })).LoggingConfig;
    await call('CreateFunction', helloFunction);
    const refusal = {
      code: 'InvalidParameterValueException',
      message: 'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "JSON" and try again.',
    };
    await assert.rejects(loggingOf({ SystemLogLevel: 'INFO' }), refusal);
    const LogGroup = '/aws/lambda/hello';
    assert.deepEqual(await loggingOf(json), { ...json, ApplicationLogLevel: 'INFO', SystemLogLevel: 'INFO', LogGroup });
    assert.deepEqual(await loggingOf({ SystemLogLevel: 'WARN' }), { ...json, ApplicationLogLevel: 'INFO', SystemLogLevel: 'WARN', LogGroup });
    assert.deepEqual(await loggingOf({ LogGroup: 'mine' }), { ...json, ApplicationLogLevel: 'INFO', SystemLogLevel: 'WARN', LogGroup: 'mine' });
    await assert.rejects(loggingOf({ LogFormat: 'Text', SystemLogLevel: 'INFO' }), refusal);
    assert.deepEqual(await loggingOf({ LogFormat: 'Text' }), { LogFormat: 'Text', LogGroup: 'mine' });
    await assert.rejects(call('CreateFunction', { ...helloFunction, FunctionName: 'other', LoggingConfig: { ApplicationLogLevel: 'INFO' } }), refusal);
  });
});
