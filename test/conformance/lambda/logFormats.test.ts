// LoggingConfig: JSON and text, levels, and a log group of one's own, with what the runtimes themselves write.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionConfigurationCommand, type LoggingConfig } from '@aws-sdk/client-lambda';
import { createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();

type LogRecord = Readonly<Record<string, unknown>>;

/** The records of one invocation, as its log tail has them. */
async function recordsOf(files: Readonly<Record<string, string>>, settings: object, LoggingConfig: LoggingConfig): Promise<{ records: LogRecord[]; requestId: string }> {
  const { aws, roleArn } = scene();
  const name = await createFunction(aws.lambda, { Role: roleArn, files, LoggingConfig, ...settings });
  const { logTail, requestId } = await invoke(aws.lambda, name, {}, { LogType: 'Tail' });
  return { requestId, records: logTail.trim().split('\n').map((line) => JSON.parse(line) as LogRecord) };
}

const python = { Runtime: 'python3.12', Handler: 'app.handler' };

suite('JSON logs', () => {
  test('console methods of Node.js become records with their level, beside those of the platform', async () => {
    const source = "exports.handler = async () => { console.debug('d'); console.info({ a: 1 }); console.warn('w %d', 2); console.error(new RangeError('r')); };";
    const { records, requestId } = await recordsOf({ 'index.js': source }, {}, { LogFormat: 'JSON' });
    const own = records.filter(({ level }) => level !== undefined);
    assert.deepEqual(own.map(({ level, message }) => [level, typeof message === 'object' ? { ...message, stackTrace: undefined } : message]), [
      ['INFO', { a: 1, stackTrace: undefined }],
      ['WARN', 'w 2'],
      ['ERROR', { errorType: 'RangeError', errorMessage: 'r', stackTrace: undefined }],
    ]);
    assert.ok(own.every((record) => record['requestId'] === requestId && typeof record['timestamp'] === 'string'));
    const [start, report] = ['platform.start', 'platform.report'].map((type) => records.find((record) => record['type'] === type)?.['record'] as LogRecord);
    assert.equal(start?.['version'], '$LATEST');
    assert.deepEqual([report?.['requestId'], report?.['status']], [requestId, 'success']);
    assert.deepEqual(Object.keys(report?.['metrics'] as object), ['durationMs', 'billedDurationMs', 'memorySizeMB', 'maxMemoryUsedMB', 'initDurationMs']);
  });
  test('logging of Python does too, at the level asked for', async () => {
    const source = "import logging\nlog = logging.getLogger()\ndef handler(event, context):\n    log.info('i')\n    log.warning('w', extra={'order': 7})\n    print('bare')\n";
    const { records, requestId } = await recordsOf({ 'app.py': source }, python, { LogFormat: 'JSON', ApplicationLogLevel: 'WARN', SystemLogLevel: 'WARN' });
    assert.deepEqual(records.map(({ timestamp: _time, ...record }) => record), [{ level: 'WARNING', message: 'w', logger: 'root', order: 7, requestId }]);
  });
  test('DEBUG shows every record of the platform, and an error has its type and trace', async () => {
    const { records } = await recordsOf({ 'app.py': 'def handler(event, context):\n    raise ValueError("no")\n' }, python, { LogFormat: 'JSON', SystemLogLevel: 'DEBUG' });
    const types = records.map(({ type }) => type).filter((type) => type !== undefined);
    assert.deepEqual(types.slice(-3), ['platform.start', 'platform.runtimeDone', 'platform.report']);
    const error = records.find(({ level }) => level === 'ERROR');
    assert.deepEqual([error?.['errorType'], error?.['errorMessage']], ['ValueError', 'no']);
  });
});

test('a log group of one\'s own gets the text', async () => {
  const { aws, roleArn } = scene();
  const LogGroup = uniqueName('/mine');
  const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async () => console.log("here");' }, LoggingConfig: { LogGroup } });
  const { LoggingConfig } = await aws.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
  assert.deepEqual(LoggingConfig, { LogFormat: 'Text', LogGroup });
  await invoke(aws.lambda, name);
  for (let tries = 0; ; tries += 1) {
    const { events = [] } = await aws.logs.send(new FilterLogEventsCommand({ logGroupName: LogGroup })).catch(() => ({ events: [] }));
    if (events.some(({ message }) => /\tINFO\there/.test(message ?? ''))) break;
    assert.ok(tries < 50, 'the line did not come');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});
