import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadManagedPolicyDocuments } from './testing/managedDocuments.ts';
import { contextOf } from './context.ts';
import { decide } from './decide.ts';
import { createPolicyCache } from './policyCache.ts';
import type { PolicyRequest, RequestPrincipal } from './types.ts';

const account = '111111111111';
const alice: RequestPrincipal = { kind: 'user', account, arn: `arn:aws:iam::${account}:user/alice`, userId: 'AIDAALICE', userName: 'alice' };
const root: RequestPrincipal = { kind: 'root', account, arn: `arn:aws:iam::${account}:root`, userId: account };
const allowAll = { source: 'allow-all', document: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}' };
const unreadable = { source: 'inline:broken', document: '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NoSuchOperator":{"a":"b"}}}}' };

function request(principal: RequestPrincipal): PolicyRequest {
  return { principal, action: 's3:GetObject', resource: `arn:aws:sqs:us-east-1:${account}:q`, context: contextOf({ principal, nowMs: 0 }) };
}

test('decide denies everything to a caller of whose policies one cannot be read, whatever the others allow', () => {
  const decision = decide(createPolicyCache(), request(alice), { identity: [allowAll, unreadable] });
  assert.deepEqual(decision, { decision: 'explicit-deny', deciding: { layer: 'identity', source: 'inline:broken', index: 0, sid: undefined, unreadable: true } });
});

test('decide denies everything where a boundary, a session policy or a guardrail cannot be read', () => {
  const layers = [{ boundary: unreadable }, { session: [unreadable] }, { serviceControl: [[unreadable]] }, { boundary: { source: 'gone', document: '' } }];
  for (const layer of layers) assert.equal(decide(createPolicyCache(), request(alice), { identity: [allowAll], ...layer }).decision, 'explicit-deny');
});

test('decide lets only the root of the account reach a resource whose policy cannot be read, so that it can be mended', () => {
  assert.equal(decide(createPolicyCache(), request(alice), { identity: [allowAll], resource: unreadable }).decision, 'explicit-deny');
  assert.equal(decide(createPolicyCache(), request(root), { identity: [], resource: unreadable }).decision, 'allow');
  const stranger: RequestPrincipal = { ...root, account: '222222222222', arn: 'arn:aws:iam::222222222222:root' };
  assert.equal(decide(createPolicyCache(), request(stranger), { identity: [], resource: unreadable }).decision, 'explicit-deny');
});

test('createPolicyCache compiles a list once and a changed list anew', () => {
  const cache = createPolicyCache();
  const list = [allowAll];
  assert.equal(cache.setOf(list), cache.setOf(list));
  assert.notEqual(cache.setOf(list), cache.setOf([allowAll]));
});

test('createPolicyCache reads every policy that AWS maintains: one that could not be read would deny everything', () => {
  const cache = createPolicyCache();
  for (const { arn, document } of loadManagedPolicyDocuments()) assert.ok(!cache.compile(document).unreadable, arn);
});
