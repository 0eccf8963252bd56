import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../base/random.ts';
import { contextOf } from '../policy/context.ts';
import { compileApplicable, type ApplicableTexts } from '../policy/decide.ts';
import { evaluate } from '../policy/evaluate.ts';
import { createPolicyCache } from '../policy/policyCache.ts';
import type { RequestPrincipal } from '../policy/types.ts';
import { createAuthorizationMessages } from './authorizationMessages.ts';
import { describeDenial, type Denial } from './denial.ts';
import { createDenialLog } from './denialLog.ts';
import { encodedMessageCharsMax } from './limits.ts';
import { requestTagKeys } from './requestTags.ts';

const account = '111111111111';
const alice: RequestPrincipal = { kind: 'user', account, arn: `arn:aws:iam::${account}:user/alice`, userId: 'AIDAALICE', userName: 'alice' };
const text = (statements: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });

function denialOf(texts: ApplicableTexts, userAgent = 'test', requestId = 'r1'): Denial {
  const context = contextOf({ principal: alice, nowMs: 0, userAgent });
  const request = { principal: alice, action: 'sqs:SendMessage', resource: `arn:aws:sqs:us-east-1:${account}:jobs`, context };
  const policies = compileApplicable(createPolicyCache(), texts);
  const evaluation = evaluate(request, policies);
  assert.ok(evaluation.decision !== 'allow');
  return describeDenial({ requestId, nowMs: 0, enforced: true, account, sentence: 'no', request, evaluation, texts, policies });
}

test('describeDenial names the statement that denied, as it stands in its policy', () => {
  const deny = { Sid: 'NoSending', Effect: 'Deny', Action: 'sqs:Send*', Resource: '*' };
  const denial = denialOf({ identity: [{ source: 'inline:own', document: text([{ Effect: 'Allow', Action: '*', Resource: '*' }, deny]) }] });
  assert.deepEqual(denial.deciding, { policy: 'inline:own', layer: 'identity-based policy', index: 1, sid: 'NoSending', statement: deny });
  assert.equal(denial.decision, 'explicit-deny');
});

test('describeDenial names the policies that did not allow, and what the nearest statement lacks', () => {
  const allow = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*', Condition: { StringEquals: { 'aws:UserAgent': ['other', 'another'] } } };
  const denial = denialOf({ identity: [{ source: 'inline:own', document: text([allow]) }, { source: 'inline:more', document: text([{ ...allow, Resource: 'arn:aws:sqs:*:*:other', Condition: {} }]) }] });
  assert.deepEqual(denial.searched, ['inline:own', 'inline:more']);
  assert.deepEqual(
    denial.nearMisses?.map(({ statement, failed, condition }) => [statement.policy, failed, condition]),
    [
      ['inline:own', 'condition', { operator: 'stringequals', key: 'aws:useragent', wanted: ['other', 'another'], actual: ['test'] }],
      ['inline:more', 'resource', undefined],
    ],
  );
});

test('createAuthorizationMessages opens what it sealed and nothing else', () => {
  const messages = createAuthorizationMessages(Buffer.alloc(32, 1), createSeededRandom(5));
  const denial = denialOf({ identity: [] });
  const sealed = messages.seal(denial);
  assert.match(sealed, /^[A-Za-z0-9_-]+$/);
  assert.deepEqual(messages.open(sealed), denial);
  const forged = `${sealed.slice(0, 40)}${sealed.charAt(40) === 'A' ? 'B' : 'A'}${sealed.slice(41)}`;
  for (const wrong of ['', 'AAAA', sealed.slice(1), sealed.slice(0, -1), forged]) assert.equal(messages.open(wrong), undefined);
  assert.equal(createAuthorizationMessages(Buffer.alloc(32, 2), createSeededRandom(5)).open(sealed), undefined);
});

test('createAuthorizationMessages keeps within what STS takes, however much the caller wrote into its request', () => {
  const random = createSeededRandom(6);
  const messages = createAuthorizationMessages(Buffer.alloc(32, 1), random);
  const statements = Array.from({ length: 40 }, () => ({ Effect: 'Allow', Action: 'sqs:*', Resource: `arn:aws:sqs:*:*:${random.bytes(1_500).toString('hex')}` }));
  const sealed = messages.seal(denialOf({ identity: [{ source: 'x', document: text(statements) }] }, random.bytes(8_000).toString('hex')));
  assert.ok(sealed.length <= encodedMessageCharsMax, String(sealed.length));
  assert.equal(messages.open(sealed)?.action, 'sqs:SendMessage');
});

test('createDenialLog forgets the oldest first', () => {
  const log = createDenialLog(2);
  for (const id of ['a', 'b', 'c']) log.add(denialOf({ identity: [] }, 'test', id));
  assert.deepEqual(log.latest(10).map(({ requestId }) => requestId), ['c', 'b']);
  assert.deepEqual(log.latest(1).map(({ requestId }) => requestId), ['c']);
  assert.deepEqual(log.ofRequest('a'), []);
  assert.equal(log.ofRequest('b').length, 1);
});

test('requestTagKeys reads tags however a service spells them', () => {
  const expected = { 'aws:TagKeys': ['team'], 'aws:RequestTag/team': 'blue' };
  const spellings = [{ Tags: [{ Key: 'team', Value: 'blue' }] }, { tags: { team: 'blue' } }, { Tags: [{ TagKey: 'team', TagValue: 'blue' }] }, { tags: [{ key: 'team', value: 'blue' }] }];
  for (const spelling of spellings) assert.deepEqual(requestTagKeys(spelling), expected);
  assert.deepEqual(requestTagKeys({ TagKeys: ['team'] }), { 'aws:TagKeys': ['team'] });
  for (const none of [{}, { Tags: [] }, { Tags: 'x' }, { tags: [1, null, { Key: 1 }] }]) assert.equal(requestTagKeys(none), undefined);
});
