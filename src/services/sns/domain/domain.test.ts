import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectivePolicy, parseSubscriptionPolicy, parseTopicPolicy, retryDelayMs } from './deliveryPolicy.ts';
import { compileFilter, type FilterScope } from './filterPolicy.ts';
import type { MessageAttributes } from './messageAttributes.ts';

const text = (value: string, type = 'String') => ({ type, value });

test('compileFilter holds attributes against every operator', () => {
  const cases: readonly [object, MessageAttributes, boolean][] = [
    [{ a: ['x'] }, { a: text('x') }, true],
    [{ a: ['x'] }, { a: text('y') }, false],
    [{ a: ['x'] }, {}, false],
    [{ a: [100] }, { a: text('1e2', 'Number') }, true],
    [{ a: ['100'] }, { a: text('100', 'Number') }, false],
    [{ a: [{ prefix: 'b' }] }, { a: text('bee') }, true],
    [{ a: [{ suffix: 'e' }] }, { a: text('bee') }, true],
    [{ a: [{ 'equals-ignore-case': 'BEE' }] }, { a: text('bee') }, true],
    [{ a: [{ wildcard: 'b*e' }] }, { a: text('blue') }, true],
    [{ a: [{ 'anything-but': ['x', 'y'] }] }, { a: text('z') }, true],
    [{ a: [{ 'anything-but': ['x', 'y'] }] }, {}, false],
    [{ a: [{ 'anything-but': { prefix: 'x' } }] }, { a: text('xy') }, false],
    [{ a: [{ 'anything-but': { suffix: 'x' } }] }, { a: text('xy') }, true],
    [{ a: [{ 'anything-but': { wildcard: '*x*' } }] }, { a: text('axb') }, false],
    [{ a: [{ 'anything-but': { 'equals-ignore-case': 'X' } }] }, { a: text('x') }, false],
    [{ a: [{ numeric: ['>=', 1, '<', 2] }] }, { a: text('1.5', 'Number') }, true],
    [{ a: [{ numeric: ['=', 1] }] }, { a: text('1.0', 'Number.float') }, true],
    [{ a: [{ exists: true }] }, { a: text('x') }, true],
    [{ a: [{ exists: false }] }, { b: text('x') }, true],
    [{ a: [{ cidr: '10.0.0.0/24' }] }, { a: text('10.0.0.7') }, true],
    [{ a: [{ cidr: '10.0.0.0/24' }] }, { a: text('10.0.1.7') }, false],
    [{ $or: [{ a: ['x'] }, { b: ['y'] }] }, { b: text('y') }, true],
    [{ $or: [{ a: ['x'] }, { b: ['y'] }] }, { a: text('y') }, false],
    [{ a: ['x'] }, { a: text('["w","x"]', 'String.Array') }, true],
    [{ a: [true, null] }, { a: text('[true]', 'String.Array') }, true],
    [{ a: ['x'] }, { a: { type: 'Binary', value: Buffer.from('x') } }, false],
    [{}, {}, true],
  ];
  for (const [policy, attributes, expected] of cases) {
    assert.equal(compileFilter(JSON.stringify(policy), 'MessageAttributes')({ message: 'm', attributes }), expected, `${JSON.stringify(policy)} ${JSON.stringify(attributes)}`);
  }
});

test('compileFilter holds a body against nested policies', () => {
  const wants = compileFilter(JSON.stringify({ a: { b: [{ prefix: 'x' }] }, c: [1] }), 'MessageBody');
  const body = (message: string): boolean => wants({ message, attributes: {} });
  assert.deepEqual([body('{"a":{"b":"xy"},"c":1}'), body('{"a":[{"b":"x"}],"c":[2,1]}'), body('{"a":{"b":"y"},"c":1}'), body('{'), body('[1]'), body('"x"')], [true, true, false, false, false, false]);
});

test('compileFilter refuses in the words of the service', () => {
  const refused: readonly [string, FilterScope, RegExp][] = [
    ['{', 'MessageBody', /^failed to parse JSON\.$/],
    ['[]', 'MessageBody', /^Filter policy must be a JSON object$/],
    ['{"a":[]}', 'MessageBody', /^Empty arrays are not allowed$/],
    ['{"a":{}}', 'MessageBody', /^Empty objects are not allowed$/],
    ['{"a":[["x"]]}', 'MessageBody', /^Match value must be String, number, true, false, or null$/],
    ['{"a":[{"prefix":"a","suffix":"b"}]}', 'MessageBody', /^Only one key allowed in match expression$/],
    ['{"a":[{"exists":"yes"}]}', 'MessageBody', /^exists match pattern must be either true or false\.$/],
    ['{"a":[{"numeric":1}]}', 'MessageBody', /^Value of numeric must be an array\.$/],
    ['{"a":[{"numeric":["<","x"]}]}', 'MessageBody', /^Value of < must be numeric$/],
    ['{"a":[{"numeric":["<>",1]}]}', 'MessageBody', /^Unrecognized numeric range operator: <>$/],
    ['{"a":[{"numeric":[">",5,"<",3]}]}', 'MessageBody', /^Bottom must be less than top$/],
    ['{"a":[1000000001]}', 'MessageBody', /between -1000000000 and 1000000000$/],
    [JSON.stringify({ a: Array.from({ length: 76 }, (_, at) => at), b: [1, 2] }), 'MessageAttributes', /^Filter policy is too complex$/],
    [JSON.stringify({ a: { b: { c: Array.from({ length: 51 }, (_, at) => at) } } }), 'MessageBody', /^Filter policy is too complex$/],
    [`{"a":${'{"a":'.repeat(70)}["x"]${'}'.repeat(71)}`, 'MessageBody', /^Filter policy is too complex$/],
    [JSON.stringify({ a: ['x'.repeat(262_144)] }), 'MessageBody', /^Filter policy is too large$/],
    ['{"a":[{"wildcard":"a**b"}]}', 'MessageBody', /wildcard/],
  ];
  for (const [policy, scope, message] of refused) assert.throws(() => compileFilter(policy, scope), { message }, policy.slice(0, 100));
  compileFilter(JSON.stringify({ a: Array.from({ length: 150 }, (_, at) => at) }), 'MessageAttributes');
  compileFilter('{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1]}', 'MessageAttributes');
});

test('retryDelayMs goes through the four phases', () => {
  const policy = { minDelayTarget: 1, maxDelayTarget: 20, numRetries: 16, numNoDelayRetries: 3, numMinDelayRetries: 2, numMaxDelayRetries: 1, backoffFunction: 'exponential' as const };
  const delays = Array.from({ length: 16 }, (_, failures) => retryDelayMs(policy, failures + 1));
  assert.deepEqual(delays.slice(0, 6), [0, 0, 0, 1_000, 1_000, 1_000]);
  assert.deepEqual(delays.slice(-2), [20_000, 20_000]);
  assert.deepEqual([...delays].sort((a, b) => a - b), delays);
  const curves = (['linear', 'arithmetic', 'geometric', 'exponential'] as const).map((backoffFunction) => retryDelayMs({ ...policy, backoffFunction }, 10));
  assert.deepEqual([...curves].sort((a, b) => b - a), curves);
});

test('effectivePolicy prefers the subscription\'s, unless the topic forbids it', () => {
  const topic = (disableSubscriptionOverrides: boolean) => JSON.stringify({ http: { defaultHealthyRetryPolicy: { numRetries: 7 }, disableSubscriptionOverrides, defaultThrottlePolicy: { maxReceivesPerSecond: 5 } } });
  const own = JSON.stringify({ healthyRetryPolicy: { numRetries: 2 }, requestPolicy: { headerContentType: 'application/json' } });
  assert.deepEqual([effectivePolicy(topic(false), own).retry.numRetries, effectivePolicy(topic(false), own).maxReceivesPerSecond], [2, 5]);
  assert.equal(effectivePolicy(topic(true), own).retry.numRetries, 7);
  assert.equal(effectivePolicy(undefined, undefined).retry.numRetries, 3);
  for (const wrong of ['{"x":1}', '{"healthyRetryPolicy":{"numRetries":-1}}', '{"healthyRetryPolicy":{"backoffFunction":"jump"}}', '{"healthyRetryPolicy":{"minDelayTarget":30}}', '{"requestPolicy":{"headerContentType":"image/png"}}', '{"guaranteed":true}', '{"sicklyRetryPolicy":{}}']) {
    assert.throws(() => parseSubscriptionPolicy(wrong), wrong);
  }
  assert.throws(() => parseTopicPolicy('{"https":{}}'), { message: 'Unexpected JSON member: https' });
});
