import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { createSeededRandom } from '../../../base/random.ts';
import { compilePattern } from '../../../pattern/pattern.ts';
import { retryAfterMs, urlOf } from '../delivery/apiDelivery.ts';
import { jsonDepth, parseDetail } from './eventRecord.ts';
import { parsePath, readPath } from '../../../pattern/jsonPath.ts';
import { busNameOf, parseRuleArn, ruleArn } from './names.ts';
import { indexRules } from './ruleIndex.ts';
import { InputProblem, makeInput, templateProblem } from './targetInput.ts';

const context = { ruleArn: 'arn:rule', ruleName: 'r', ingestedAtMs: Date.UTC(2026, 0, 1), bytesMax: 10_000 };
const event = JSON.stringify({ source: 's', detail: { name: 'a "b"', list: ['x', 'y'], object: { k: 'v' }, number: 7, yes: true } });
const transform = (InputTemplate: string, InputPathsMap: Record<string, string> = {}): string => makeInput({ InputTransformer: { InputTemplate, InputPathsMap } }, event, context);

test('makeInput fills JSON templates with values, and texts in them with texts', () => {
  const paths = { name: '$.detail.name', list: '$.detail.list', object: '$.detail.object', number: '$.detail.number', yes: '$.detail.yes', none: '$.detail.none' };
  assert.deepEqual(JSON.parse(transform('{"a": <name>, "b": "is <name>", "c": [<number>, <yes>], "d": <object>, "e": "<object>", "f": <none>, "g": "<none>", "h": <list>}', paths)), {
    ...{ a: 'a "b"', b: 'is a "b"', c: [7, true], d: { k: 'v' }, e: '{"k":"v"}', f: '', g: '', h: ['x', 'y'] },
  });
  assert.deepEqual(JSON.parse(transform('{"e": <aws.events.event>, "j": <aws.events.event.json>, "r": <aws.events.rule-arn>, "t": <aws.events.event.ingestion-time>}')), {
    ...{ e: { source: 's' }, j: JSON.parse(event), r: 'arn:rule', t: '2026-01-01T00:00:00Z' },
  });
});

test('makeInput fills texts, line by line, without quotes inside of values', () => {
  assert.equal(transform('"<s> of <o>"\n"<l> <n>"', { s: '$.source', o: '$.detail.object', l: '$.detail.list', n: '$.detail.none' }), '"s of {k:v}"\n"[x,y] "');
});

test('makeInput makes nothing that is no JSON, and nothing endless', () => {
  assert.throws(() => transform('{"a": <name>x}', { name: '$.detail.name' }), InputProblem);
  assert.throws(() => transform(`{"a": [${Array.from({ length: 500 }, () => '<aws.events.event.json>').join(',')}]}`), InputProblem);
});

test('templateProblem names what is wrong with a template', () => {
  assert.equal(templateProblem('t', '{"a": <x>, "b": "<x>"}', new Set(['x'])), undefined);
  assert.equal(templateProblem('t', '"<x> is"\n"more"', new Set(['x'])), undefined);
  assert.match(templateProblem('t', '{"a": <x>', new Set(['x'])) ?? '', /^Invalid InputTemplate for target t/);
  assert.match(templateProblem('t', 'plain <x>', new Set(['x'])) ?? '', /^Invalid InputTemplate for target t/);
  assert.match(templateProblem('t', '"<aws.events.event>"', new Set()) ?? '', /valid only for JSON template\.$/);
});

test('parsePath and readPath know names, indexes and stars, and refuse quotes', () => {
  const value = { a: { 'b-c': [{ d: 1 }, { d: 2 }] } };
  const read = (path: string): unknown => readPath(parsePath(path) ?? [], value);
  assert.deepEqual([read('$'), read('$.a.b-c[1].d'), read('$.a.b-c[*].d'), read('$.a.x'), read('$.a.b-c[9]')], [value, 2, [1, 2], undefined, undefined]);
  for (const path of ['a', "$.a['b']", '$.', '$.a..b', '$[x]', '']) assert.equal(parsePath(path), undefined, path);
});

test('indexRules answers what comparing with every pattern would answer', () => {
  const seed = Number(process.env['HANEUL_SEED'] ?? randomInt(2 ** 31));
  const random = createSeededRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random.fraction() * items.length)] as Item;
  const leaf = (): unknown => pick([['a'], ['b', 'c'], [1], [true, null], [{ prefix: 'a' }], [{ exists: false }], ['a', { suffix: 'c' }]]);
  const pattern = (): object => {
    const made: Record<string, unknown> = {};
    if (random.fraction() < 0.7) made['source'] = leaf();
    if (random.fraction() < 0.5) made['detail'] = { x: leaf(), ...(random.fraction() < 0.3 ? { y: { z: leaf() } } : {}) };
    if (random.fraction() < 0.2) made['$or'] = [{ source: leaf() }, { kind: leaf() }];
    return Object.keys(made).length > 0 ? made : { source: ['a'] };
  };
  const value = (): unknown => pick<unknown>(['a', 'b', 'c', 'abc', 1, true, null, ['a', 'z'], [], { q: 1 }]);
  const patterns = Array.from({ length: 200 }, () => JSON.stringify(pattern()));
  const index = indexRules(patterns, (text) => text);
  for (let round = 0; round < 300; round += 1) {
    const detail = pick<unknown>([{ x: value(), y: { z: value() } }, { x: value(), y: [{ z: value() }, { z: value() }] }, [{ x: value() }]]);
    const one = { source: value(), kind: value(), detail };
    assert.deepEqual(index.match(one), patterns.filter((text) => compilePattern(text)(one)), `HANEUL_SEED=${seed} ${JSON.stringify(one)}`);
  }
});

test('jsonDepth counts levels outside of texts, and parseDetail takes objects only', () => {
  assert.equal(jsonDepth('{"a":[[1]],"b":"[[[[[["}', 100), 3);
  assert.equal(parseDetail('[]', 10), undefined);
  assert.equal(parseDetail(`{"a":${'['.repeat(50)}${']'.repeat(50)}}`, 10), undefined);
  assert.deepEqual(parseDetail('{"a":"\\"[["}', 2), { a: '"[[' });
});

test('ruleArn, parseRuleArn and busNameOf know the default bus and others, by name and ARN', () => {
  const here = { account: '123456789012', region: 'eu-west-1' };
  for (const bus of ['default', 'mine']) assert.deepEqual(parseRuleArn(ruleArn({ ...here, bus }, 'r')), { ...here, bus, rule: 'r' });
  assert.equal(parseRuleArn('arn:aws:events:eu-west-1:123456789012:rule/a/b/c'), undefined);
  assert.deepEqual(busNameOf('arn:aws:events:us-east-1:111122223333:event-bus/other', here), { account: '111122223333', region: 'us-east-1', bus: 'other' });
  assert.equal(busNameOf(undefined, here).bus, 'default');
});

test('urlOf fills the stars of an endpoint and adds parameters; retryAfterMs reads seconds and dates', () => {
  assert.equal(urlOf({ endpoint: 'https://x.test/*/y/*' }, { PathParameterValues: ['a/b', 'c'], QueryStringParameters: { q: '1' } }, { k: '&' })?.href, 'https://x.test/a%2Fb/y/c?q=1&k=%26');
  assert.equal(urlOf({ endpoint: 'https://x.test/*' }), undefined);
  assert.deepEqual([retryAfterMs('3', 0), retryAfterMs('Thu, 01 Jan 1970 00:00:05 GMT', 1_000), retryAfterMs('soon', 0), retryAfterMs(undefined, 0), retryAfterMs('999999999', 0)], [3_000, 4_000, undefined, undefined, 3_600_000]);
});
