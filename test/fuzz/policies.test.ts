// Hostile policies: whatever a document holds, reading and deciding it ends, throws nothing, and never allows more than it says.
// The seed of a failing run is in the names of its tests: HANEUL_FUZZ_SEED=N replays it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom, type Random } from '../../src/base/random.ts';
import { contextOf } from '../../src/policy/context.ts';
import { decide } from '../../src/policy/decide.ts';
import { parsePolicy, type PolicyKind } from '../../src/policy/parsePolicy.ts';
import { compilePattern, matchesPattern } from '../../src/policy/pattern.ts';
import { createPolicyCache } from '../../src/policy/policyCache.ts';
import { contextKeysOf } from '../../src/policy/simulate.ts';
import { findStatementSpans } from '../../src/policy/statementSpans.ts';
import type { PolicyRequest, RequestPrincipal } from '../../src/policy/types.ts';

const seed = Number(process.env['HANEUL_FUZZ_SEED'] ?? Date.now() % 1_000_000);
const rounds = 3_000;
const account = '111111111111';
const alice: RequestPrincipal = { kind: 'user', account, arn: `arn:aws:iam::${account}:user/alice`, userId: 'AIDAALICE', userName: 'alice' };
const kinds: readonly PolicyKind[] = ['identity', 'trust', 'resource', 'stored'];

test(`parsePolicy takes mutated documents apart without throwing (seed ${seed})`, () => {
  const random = createSeededRandom(seed);
  let readable = 0;
  for (let round = 0; round < rounds; round += 1) {
    const text = mutateText(random, JSON.stringify(mutate(random, documentOf(random), 3)));
    for (const kind of kinds) {
      const parsed = parsePolicy(text, kind);
      if ('problem' in parsed) {
        assert.ok(typeof parsed.problem === 'string' && parsed.problem !== '', text);
        continue;
      }
      readable += 1;
      assert.equal(findStatementSpans(text).length, parsed.policy.statements.length, text);
      contextKeysOf(parsed.policy.statements);
    }
  }
  assert.ok(readable > rounds / 4, `only ${readable} documents could be read: the mutations are too wild to prove anything`);
});

test(`decide never allows what a deny of everything, or a document that cannot be read, stands against (seed ${seed})`, () => {
  const random = createSeededRandom(seed + 1);
  const denyAll = { source: 'deny', document: '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}' };
  let allowed = 0;
  for (let round = 0; round < rounds; round += 1) {
    const policy = { source: 'p', document: JSON.stringify(documentOf(random)) };
    const broken = { source: 'b', document: policy.document.slice(0, -1 - Math.floor(random.fraction() * 20)) };
    const request = requestOf(random);
    const cache = createPolicyCache();
    if (decide(cache, request, { identity: [policy] }).decision === 'allow') allowed += 1;
    for (const against of [denyAll, broken]) {
      assert.notEqual(decide(cache, request, { identity: [policy, against] }).decision, 'allow');
      assert.notEqual(decide(cache, request, { identity: [policy], boundary: against }).decision, 'allow');
    }
  }
  assert.ok(allowed > 20, `only ${allowed} requests were allowed at all`);
});

test(`decide never allows more with fewer allows or more denies (seed ${seed})`, () => {
  const random = createSeededRandom(seed + 2);
  for (let round = 0; round < rounds; round += 1) {
    const document = documentOf(random);
    const request = requestOf(random);
    const decisionOf = (statements: readonly unknown[]): string =>
      decide(createPolicyCache(), request, { identity: [{ source: 'p', document: JSON.stringify({ ...document, Statement: statements }) }] }).decision;
    const fewer = document.Statement.filter(({ Effect }) => Effect === 'Deny' || random.fraction() < 0.5);
    if (fewer.length > 0 && decisionOf(document.Statement) !== 'allow') assert.notEqual(decisionOf(fewer), 'allow', JSON.stringify(document));
  }
});

test(`matchesPattern agrees with a plain reading of wildcards (seed ${seed})`, () => {
  const random = createSeededRandom(seed + 3);
  for (let round = 0; round < rounds * 10; round += 1) {
    const pattern = textOf(random, 'ab*?', 8);
    const text = textOf(random, 'ab', 8);
    const compiled = compilePattern(pattern, { variables: true, wildcards: true });
    assert.equal(matchesPattern(compiled, text, new Map()), matchesNaively(pattern, text), `${pattern} on ${text}`);
  }
});

test('matchesPattern ends soon on patterns made to be slow', () => {
  const text = 'a'.repeat(20_000);
  for (const source of ['*a'.repeat(10_000) + 'b', '*?'.repeat(5_000) + 'b', 'a*'.repeat(10_000) + 'b']) {
    assert.equal(matchesPattern(compilePattern(source, { variables: true, wildcards: true }), text, new Map()), false);
  }
});

interface Document {
  readonly Version: string;
  readonly Statement: readonly { readonly Effect: string }[];
}

function documentOf(random: Random): Document {
  const Statement = Array.from({ length: 1 + Math.floor(random.fraction() * 4) }, () => statementOf(random));
  return { Version: pick(random, ['2012-10-17', '2012-10-17', '2008-10-17']), Statement };
}

function statementOf(random: Random): { readonly Effect: string } {
  const actions = pick(random, ['*', 's3:*', 's3:Get*', ['s3:GetObject', 'sqs:SendMessage'], 'sqs:?endMessage', 's3:PutObject']);
  const resources = pick(random, ['*', 'arn:aws:s3:::bucket/*', 'arn:aws:s3:::${aws:username}/*', ['arn:aws:s3:::other', 'arn:aws:sqs:*:*:*'], "arn:aws:s3:::${aws:PrincipalTag/t, 'bucket'}/*"]);
  return {
    Effect: pick(random, ['Allow', 'Allow', 'Deny']),
    [pick(random, ['Action', 'Action', 'NotAction'])]: actions,
    [pick(random, ['Resource', 'Resource', 'NotResource'])]: resources,
    ...(random.fraction() < 0.5 && { Condition: conditionOf(random) }),
  };
}

function conditionOf(random: Random): object {
  const operator = pick(random, ['StringEquals', 'StringLike', 'ForAllValues:StringEquals', 'ForAnyValue:StringLike', 'NumericLessThanIfExists', 'DateGreaterThan', 'IpAddress', 'NotIpAddress', 'ArnLike', 'Bool', 'Null']);
  const key = pick(random, ['aws:username', 'aws:TagKeys', 'aws:SourceIp', 'aws:CurrentTime', 'aws:SourceArn', 'k:n']);
  const value = pick(random, ['alice', '*', ['a', 'b'], '5', '10.0.0.0/8', '2026-01-01T00:00:00Z', 'arn:aws:s3:::*', 'true', true, 7]);
  return { [operator]: { [key]: value } };
}

function requestOf(random: Random): PolicyRequest {
  const keys = { 'aws:TagKeys': pick(random, [[], ['a'], ['a', 'c']]), 'aws:SourceArn': 'arn:aws:s3:::bucket', 'k:n': pick(random, ['5', 'x']) };
  return {
    principal: alice,
    action: pick(random, ['s3:GetObject', 's3:PutObject', 'sqs:SendMessage', 'iam:CreateUser']),
    resource: pick(random, ['arn:aws:s3:::bucket/key', 'arn:aws:s3:::alice/key', `arn:aws:sqs:us-east-1:${account}:q`, '*', 'arn:aws:s3:::other', '']),
    context: contextOf({ principal: alice, nowMs: 0, sourceIp: pick(random, ['10.1.2.3', '::1', 'nonsense']), keys }),
  };
}

const oddValues: readonly unknown[] = [null, 0, -1, 1e308, '', '*', '${', '${}', '${*}', "${a, '}", 'arn', 'arn:', ':::::::', [], [[]], {}, { a: {} }, true, '\u0000', '\ud800', 'constructor', '__proto__'];

/** Replaces, doubles or drops parts of a document, up to `times`. */
function mutate(random: Random, value: unknown, times: number): unknown {
  let mutated = value;
  for (let count = Math.floor(random.fraction() * (times + 1)); count > 0; count -= 1) mutated = mutateOnce(random, mutated);
  return mutated;
}

function mutateOnce(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random.fraction() < 0.15) return pick(random, oddValues);
  if (Array.isArray(value)) {
    const index = Math.floor(random.fraction() * value.length);
    const list: readonly unknown[] = value;
    return random.fraction() < 0.2 ? [...list, ...list] : list.map((item, at) => (at === index ? mutateOnce(random, item) : item));
  }
  const entries = Object.entries(value);
  const index = Math.floor(random.fraction() * entries.length);
  if (random.fraction() < 0.15) return Object.fromEntries(entries.filter((_, at) => at !== index));
  if (random.fraction() < 0.15) return Object.fromEntries([...entries, [pick(random, ['Sid', 'Id', 'Principal', 'NotPrincipal', 'Extra', '__proto__', 'Statement']), pick(random, oddValues)]]);
  return Object.fromEntries(entries.map(([key, item], at) => [key, at === index ? mutateOnce(random, item) : item]));
}

function mutateText(random: Random, text: string): string {
  if (random.fraction() < 0.7) return text;
  const at = Math.floor(random.fraction() * text.length);
  return text.slice(0, at) + pick(random, ['', '"', '{', ']', '\\', '\\u0000', ',', ' ', '\n', '\ufeff', '1e999']) + text.slice(at + Math.floor(random.fraction() * 3));
}

function matchesNaively(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  const rest = pattern.slice(1);
  if (pattern.startsWith('*')) return matchesNaively(rest, text) || (text !== '' && matchesNaively(pattern, text.slice(1)));
  return text !== '' && (pattern.startsWith('?') || pattern.charAt(0) === text.charAt(0)) && matchesNaively(rest, text.slice(1));
}

function textOf(random: Random, alphabet: string, lengthMax: number): string {
  return Array.from({ length: Math.floor(random.fraction() * (lengthMax + 1)) }, () => alphabet.charAt(Math.floor(random.fraction() * alphabet.length))).join('');
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random.fraction() * items.length)];
  assert.ok(item !== undefined);
  return item;
}
