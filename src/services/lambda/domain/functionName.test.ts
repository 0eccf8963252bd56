import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionArn, parseFunctionName } from './functionName.ts';

const here = { account: '000000000000', region: 'us-east-1' };

test('parseFunctionName reads every form that AWS documents', () => {
  const cases: readonly (readonly [string, string | undefined, string | undefined, string])[] = [
    ['hello', undefined, undefined, here.account],
    ['hello:live', undefined, 'live', here.account],
    ['hello', '7', '7', here.account],
    ['hello:7', '7', '7', here.account],
    ['hello:$LATEST', undefined, '$LATEST', here.account],
    ['function:hello', undefined, undefined, here.account],
    ['123456789012:function:hello', undefined, undefined, '123456789012'],
    ['123456789012:function:hello:live', undefined, 'live', '123456789012'],
    ['arn:aws:lambda:us-east-1:123456789012:function:hello', 'live', 'live', '123456789012'],
    ['arn:aws:lambda:us-east-1:123456789012:function:hello:$LATEST', undefined, '$LATEST', '123456789012'],
  ];
  for (const [text, given, qualifier, account] of cases) {
    assert.deepEqual(parseFunctionName(text, given, here), { name: 'hello', qualifier, account, region: 'us-east-1' }, text);
  }
});

test('parseFunctionName refuses contradicting qualifiers, other regions and what is no name', () => {
  assert.throws(() => parseFunctionName('hello:1', '2', here), /derived qualifier from the function name does not match/);
  assert.throws(() => parseFunctionName('arn:aws:lambda:eu-west-1:000000000000:function:hello', undefined, here), {
    code: 'ResourceNotFoundException',
    message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
  });
  assert.throws(() => parseFunctionName('he llo', undefined, here), { code: 'ValidationException' });
});

test('functionArn names the partition of its region', () => {
  assert.equal(functionArn(here, 'hello', 'live'), 'arn:aws:lambda:us-east-1:000000000000:function:hello:live');
  assert.equal(functionArn({ ...here, region: 'cn-north-1' }, 'hello'), 'arn:aws-cn:lambda:cn-north-1:000000000000:function:hello');
});
