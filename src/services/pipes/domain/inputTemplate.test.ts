import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventsOf } from '../running/enrich.ts';
import { compileTemplate, resolveParameter, TemplateProblem } from './inputTemplate.ts';
import { targetKindOf } from './targets.ts';

const variables = { pipeArn: 'arn:p', pipeName: 'p', sourceArn: 'arn:s', enrichmentArn: '', targetArn: 'arn:t', ingestedAtMs: 0 };
const value = { messageId: 'm', body: '{"a":{"b":[1,"two"]},"quote":"\\""}' };
const event = { value, opened: { ...value, body: { a: { b: [1, 'two'] }, quote: '"' } } };

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
const cases: readonly (readonly [template: string, result: string])[] = [
  ['Hello, sender', 'Hello, sender'],
  ['<$.messageId>', 'm'],
  ['Hello, <$.messageId> of <aws.pipes.pipe-name>', 'Hello, m of p'],
  ['<$.body.a>', '{"b":[1,"two"]}'],
  ['{"x":<$.body.a.b[1]>,"y":"<$.body.quote>","z":<$.body.none>}', '{"x":"two","y":"\\"","z":""}'],
  ['{"all": <$.body.a.b[*]>, "at": <aws.pipes.event.ingestion-time>}', '{"all":[1,"two"],"at":"1970-01-01T00:00:00.000Z"}'],
  ['{"escaped \\"<$.messageId>\\"": <$.messageId>}', '{"escaped \\"m\\"":"m"}'],
  ['[<aws.pipes.source-arn>, "<aws.pipes.target-arn>"]', '["arn:s","arn:t"]'],
  ['<aws.pipes.event>', JSON.stringify(value)],
  ['<aws.pipes.event.json>', JSON.stringify(event.opened)],
  ['a < b and <other> stay', 'a < b and <other> stay'],
];

test('compileTemplate fills texts and JSON with what paths and reserved variables lead to', () => {
  for (const [template, result] of cases) assert.equal(compileTemplate(template)(event, variables), result, template);
});

test('compileTemplate refuses what can never be JSON, unknown variables and paths that are none', () => {
  for (const template of ['{"a": <$.b}', '{"a": <$.b> <$.c>}', '{a: 1}', '<aws.pipes.secret>', "<$['a']>", '<$a>']) assert.throws(() => compileTemplate(template), TemplateProblem, template);
});

test('resolveParameter follows paths and leaves everything else', () => {
  assert.deepEqual(['$.body.a.b[0]', '$.messageId', '$.none', 'text', '$100'].map((parameter) => resolveParameter(parameter, event)), ['1', 'm', '', 'text', '$100']);
});

test('eventsOf takes lists apart and leaves out what is empty', () => {
  assert.deepEqual(['', '""', '{}', '[]', 'null'].map((text) => eventsOf(text).length), [0, 0, 0, 0, 0]);
  assert.deepEqual(['[{}]', '[1,2]', '{"a":1}', 'plain', '0'].map((text) => eventsOf(text).map((one) => one.value)), [[{}], [1, 2], [{ a: 1 }], ['plain'], [0]]);
});

test('targetKindOf names what pipes lead to, and nothing that services deliver to themselves', () => {
  const arn = (service: string, resource: string): string => `arn:aws:${service}:us-east-1:000000000000:${resource}`;
  const id = '01234567-89ab-4def-8123-456789abcdef';
  const known = [arn('lambda', 'function:f:live'), arn('sqs', 'q.fifo'), arn('sns', 't'), arn('events', 'event-bus/b'), arn('logs', 'log-group:/a/b:*'), arn('events', `api-destination/d/${id}`)];
  assert.deepEqual(known.map(targetKindOf), ['lambda', 'sqs', 'sns', 'events', 'logs', 'api']);
  const others = [arn('events', 'delivery/default/r/t'), arn('events', 'fan-out/default'), arn('sns', 'delivery:t:s'), arn('secretsmanager', 'secret:x'), arn('scheduler', 'delivery/g/s'), arn('kinesis', 'stream/s'), arn('states', 'stateMachine:m'), 'queue', ''];
  for (const other of others) assert.equal(targetKindOf(other), undefined, other);
});
