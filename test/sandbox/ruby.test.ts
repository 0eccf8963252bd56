// Functions in Ruby. Sources: Lambda developer guide, "Define Lambda function handler in Ruby" and "Using the Lambda context object to retrieve Ruby function
// information"; aws/aws-lambda-ruby-runtime-interface-client for error documents.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RuntimeKind } from '../../src/sandbox/types.ts';
import { functionArn, initError, openTestSandbox } from './harness.ts';

const box = await openTestSandbox();
const pooled = await openTestSandbox({ pooled: true });
const ruby: RuntimeKind = { family: 'ruby', version: '3.3' };
const skip = box.sandbox.interpreters.some(({ family }) => family === 'ruby') ? false : 'not run: ruby is not installed';

const start = (source: string, { handler = 'app.handler', from = box, ...more }: { handler?: string; from?: typeof box; variables?: Record<string, string>; files?: Record<string, string>; layers?: Record<string, string> } = {}) =>
  from.start({ runtime: ruby, handler, files: { 'app.rb': source }, ...more });

test('a method of a file is a handler: it gets its event by name and a whole context', { skip }, async () => {
  const source = `
$count = 0
def handler(event:, context:)
  $count += 1
  puts "out é"
  warn "err"
  { event: event, count: $count, id: context.aws_request_id, arn: context.invoked_function_arn, name: context.function_name, version: context.function_version,
    memory: context.memory_limit_in_mb, left: context.get_remaining_time_in_millis > 0, client: context.client_context, trace: ENV['_X_AMZN_TRACE_ID'], variable: ENV['GREETING'] }
end`;
  for (const from of [box, pooled]) {
    const started = await start(source, { from, variables: { GREETING: 'hello' } });
    assert.deepEqual(await started.call({ text: 'Grüße 🌍' }, { requestId: 'request-1', clientContext: '{"custom":{"who":"mé"}}', traceId: 'Root=1-x' }), {
      event: { text: 'Grüße 🌍' }, count: 1, id: 'request-1', arn: functionArn, name: 'probe', version: '$LATEST', memory: '1769', left: true,
      client: { custom: { who: 'mé' } }, trace: 'Root=1-x', variable: 'hello',
    });
    const second = (await started.call()) as { count: number; trace: unknown };
    assert.deepEqual([second.count, second.trace], [2, null]);
    assert.match(started.output(), /out é\n/);
    assert.match(started.output(), /err\n/);
  }
});

test('methods of classes and modules, and files in folders, are handlers', { skip }, async () => {
  const source = 'module Shop\n  class Order\n    def self.take(event:, context:) = "took #{event}"\n  end\nend\n';
  assert.equal(await (await start(source, { handler: 'app.Shop::Order.take' })).call('tea'), 'took tea');
  const files = { 'lib/deep.rb': "require 'other'\ndef run(event:, context:) = OTHER", 'other.rb': 'OTHER = [1, nil, "ü"]' };
  assert.deepEqual(await (await start('', { handler: 'lib/deep.run', files })).call(), [1, null, 'ü']);
});

test('what a handler raises is an error document, and the environment goes on', { skip }, async () => {
  const source = 'def help = raise(ArgumentError, "no é")\ndef handler(event:, context:)\n  return 1 if event["fine"]\n  event["deep"] ? handler(event: event, context: context) : help\nend\n';
  const started = await start(source);
  const error = await started.fail({});
  assert.deepEqual([error.errorType, error.errorMessage], ['Function<ArgumentError>', 'no é']);
  assert.match(error.stackTrace?.[0] ?? '', /app\.rb:1:in .*help/);
  assert.equal((await started.fail({ deep: true })).errorType, 'Function<SystemStackError>');
  assert.equal(await started.call({ fine: true }), 1);
  assert.match(started.output(), /"errorType":"Function<ArgumentError>"/);
});

test('code that cannot be loaded fails init', { skip }, async () => {
  const failures: readonly (readonly [string, string, RegExp])[] = [
    ['raise "too early"', 'app.handler', /^Init<RuntimeError> too early$/],
    ["require 'nowhere'", 'app.handler', /^Init<LoadError> cannot load such file -- nowhere/],
    ['def handler(', 'app.handler', /^Init<SyntaxError> /],
    ['', 'app.handler', /^Init<NameError> undefined method .handler/],
    ['', 'app', /^Init<ArgumentError> Invalid handler app, must be of form FILENAME\.METHOD/],
    ['', 'nowhere.handler', /^Init<LoadError> /],
  ];
  await Promise.all(failures.map(async ([source, handler, expected]) => {
    const error = await initError(await start(source, { handler }));
    assert.match(`${error.errorType} ${error.errorMessage}`, expected);
  }));
});

test('a handler that exits, is killed or takes too long ends its environment', { skip }, async () => {
  const source = 'def handler(event:, context:)\n  exit!(7) if event["exit"]\n  sleep\nend';
  const exiting = await start(source);
  assert.equal((await exiting.environment.init).kind, 'ready');
  const outcome = await exiting.invoke({ exit: true });
  assert.deepEqual(outcome.kind === 'exited' && outcome.exit.code, 7);
  const late = await start(source);
  assert.equal((await late.environment.init).kind, 'ready');
  assert.equal((await late.invoke({}, { timeoutMs: 300 })).kind, 'timeout');
});

test('large events and answers pass unharmed', { skip }, async () => {
  const started = await start('def handler(event:, context:) = event');
  const event = { text: 'é🌍'.repeat(200_000) };
  assert.deepEqual(await started.call(event), event);
});
