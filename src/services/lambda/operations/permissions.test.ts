import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Caller } from '../../../ports/identity.ts';
import { account, helloFunction, withLambda } from '../testing/testLambda.ts';

const arn = `arn:aws:lambda:us-east-1:${account}:function:hello`;
const permission = { FunctionName: 'hello', StatementId: 's3', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' };
const stranger: Caller = { kind: 'root', account: '111122223333', arn: 'arn:aws:iam::111122223333:root', userId: '111122223333' };
const userOf = (accountId: string): Caller => ({
  ...{ kind: 'user', userName: 'ann', account: accountId, userId: 'AIDAEXAMPLE' },
  arn: `arn:aws:iam::${accountId}:user/ann`,
});

test('AddPermission answers the statement, and GetPolicy the document, as AWS writes them', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const added = await call('AddPermission', { ...permission, SourceArn: 'arn:aws:s3:::photos', SourceAccount: account });
    const statement = `{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"${arn}","Condition":{"StringEquals":{"AWS:SourceAccount":"${account}"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::photos"}}}`;
    assert.equal(added.Statement, statement);
    const { Policy, RevisionId } = await call('GetPolicy', { FunctionName: 'hello' });
    assert.equal(Policy, `{"Version":"2012-10-17","Id":"default","Statement":[${statement}]}`);
    assert.equal(RevisionId, (await call('GetFunctionConfiguration', { FunctionName: 'hello' })).RevisionId);
  });
});

const forms = [
  { given: { Principal: '111122223333' }, shown: { Principal: { AWS: 'arn:aws:iam::111122223333:root' } } },
  { given: { Principal: '*' }, shown: { Principal: '*' } },
  { given: { Principal: 'arn:aws:iam::111122223333:role/deploy/ci' }, shown: { Principal: { AWS: 'arn:aws:iam::111122223333:role/deploy/ci' } } },
  { given: { Principal: '*', PrincipalOrgID: 'o-a1b2c3d4e5' }, shown: { Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } } } },
  {
    given: { Principal: '*', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' as const },
    shown: { Principal: '*', Action: 'lambda:InvokeFunctionUrl', Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'NONE' } } },
  },
  {
    given: { Principal: '*', InvokedViaFunctionUrl: true },
    shown: { Principal: '*', Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } } },
  },
  {
    given: { Principal: 'alexa-appkit.amazon.com', EventSourceToken: 'amzn1.ask.skill.x' },
    shown: { Principal: { Service: 'alexa-appkit.amazon.com' }, Condition: { StringEquals: { 'lambda:EventSourceToken': 'amzn1.ask.skill.x' } } },
  },
];
for (const { given, shown } of forms) {
  test(`AddPermission writes ${JSON.stringify(given)}`, async () => {
    await withLambda(async ({ call }) => {
      await call('CreateFunction', helloFunction);
      const { Statement } = await call('AddPermission', { ...permission, ...given });
      assert.deepEqual(JSON.parse(Statement ?? ''), { Sid: 's3', Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: arn, ...shown });
    });
  });
}

const refusals = [
  { what: 'a principal that is none', given: { Principal: 's3' }, code: 'InvalidParameterValueException', message: /^The provided principal was invalid\. Please check the principal and try again\.$/ },
  { what: '$LATEST', given: { Qualifier: '$LATEST' }, code: 'InvalidParameterValueException', message: /^We currently do not support adding policies for \$LATEST\.$/ },
  { what: 'an alias that does not exist', given: { Qualifier: 'live' }, code: 'ResourceNotFoundException', message: /^Cannot find alias arn: .*:function:hello:live$/ },
  { what: 'a version that does not exist', given: { Qualifier: '7' }, code: 'ResourceNotFoundException', message: /^Function not found: .*:function:hello:7$/ },
  { what: 'an absent function', given: { FunctionName: 'absent' }, code: 'ResourceNotFoundException', message: /^Function not found: .*:function:absent$/ },
  { what: 'another revision', given: { RevisionId: 'other' }, code: 'PreconditionFailedException', message: /Call the GetPolicy API to retrieve the latest Revision Id$/ },
  { what: 'a URL condition on another action', given: { FunctionUrlAuthType: 'NONE' as const }, code: 'InvalidParameterValueException', message: /^FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action$/ },
];
for (const { what, given, code, message } of refusals) {
  test(`AddPermission refuses ${what}`, async () => {
    await withLambda(async ({ call }) => {
      await call('CreateFunction', helloFunction);
      await assert.rejects(call('AddPermission', { ...permission, ...given }), { code, message });
      await assert.rejects(call('GetPolicy', { FunctionName: 'hello' }), { code: 'ResourceNotFoundException', message: 'The resource you requested does not exist.' });
    });
  });
}

test('AddPermission takes a statement id once per function, version and alias', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    await call('CreateAlias', { FunctionName: 'hello', Name: 'live', FunctionVersion: '1' });
    for (const Qualifier of [undefined, '1', 'live']) {
      const added = await call('AddPermission', { ...permission, Qualifier });
      assert.equal((JSON.parse(added.Statement ?? '') as { Resource: string }).Resource, Qualifier === undefined ? arn : `${arn}:${Qualifier}`);
    }
    await assert.rejects(call('AddPermission', { ...permission, Qualifier: 'live' }), {
      code: 'ResourceConflictException',
      message: 'The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing statement.',
    });
  });
});

test('AddPermission gives a new revision to what the policy belongs to, and checks the one the caller saw', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    const alias = await call('CreateAlias', { FunctionName: 'hello', Name: 'live', FunctionVersion: '1' });
    const before = await call('GetFunctionConfiguration', { FunctionName: 'hello', Qualifier: '1' });
    await call('AddPermission', { ...permission, Qualifier: 'live', RevisionId: alias.RevisionId });
    const { RevisionId } = await call('GetAlias', { FunctionName: 'hello', Name: 'live' });
    assert.notEqual(RevisionId, alias.RevisionId);
    assert.equal((await call('GetPolicy', { FunctionName: 'hello', Qualifier: 'live' })).RevisionId, RevisionId);
    await call('AddPermission', { ...permission, Qualifier: '1', RevisionId: before.RevisionId });
    const stale = call('AddPermission', { ...permission, StatementId: 'two', Qualifier: '1', RevisionId: before.RevisionId });
    await assert.rejects(stale, { code: 'PreconditionFailedException' });
  });
});

test('AddPermission leaves warm environments alone', async () => {
  await withLambda(async ({ call, sandbox }) => {
    await call('CreateFunction', helloFunction);
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    await call('AddPermission', permission);
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    assert.equal(sandbox.started.length, 1);
  });
});

test('AddPermission stops at 20 KB of policy', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const add = (number: number) => call('AddPermission', { ...permission, StatementId: `s${number}`, SourceArn: `arn:aws:s3:::${'b'.repeat(900)}` });
    for (let number = 1; number <= 18; number += 1) await add(number);
    await assert.rejects(add(19), { code: 'PolicyLengthExceededException', message: /^The final policy size \(\d{5}\) is bigger than the limit \(20480\)\.$/ });
    const { Policy = '' } = await call('GetPolicy', { FunctionName: 'hello' });
    assert.equal((JSON.parse(Policy) as { Statement: unknown[] }).Statement.length, 18);
  });
});

test('RemovePermission removes one statement, and the policy with the last', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const remove = { FunctionName: 'hello', StatementId: 's3' };
    await assert.rejects(call('RemovePermission', remove), { code: 'ResourceNotFoundException', message: 'No policy is associated with the given resource.' });
    await call('AddPermission', permission);
    await call('AddPermission', { ...permission, StatementId: 'sns', Principal: 'sns.amazonaws.com' });
    await assert.rejects(call('RemovePermission', { ...remove, StatementId: 'none' }), { message: 'Statement none is not found in resource policy.' });
    await assert.rejects(call('RemovePermission', { ...remove, RevisionId: 'other' }), { code: 'PreconditionFailedException' });
    await call('RemovePermission', remove);
    assert.match((await call('GetPolicy', { FunctionName: 'hello' })).Policy ?? '', /"Statement":\[\{"Sid":"sns"/);
    await call('RemovePermission', { ...remove, StatementId: 'sns' });
    await assert.rejects(call('GetPolicy', { FunctionName: 'hello' }), { message: 'The resource you requested does not exist.' });
  });
});

test('A policy goes with the version, the alias or the function it belongs to', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    const alias = { FunctionName: 'hello', Name: 'live', FunctionVersion: '$LATEST' };
    await call('CreateAlias', alias);
    for (const Qualifier of [undefined, '1', 'live']) await call('AddPermission', { ...permission, Qualifier });
    await call('DeleteAlias', alias);
    await call('CreateAlias', alias);
    const gone = { message: 'The resource you requested does not exist.' };
    await assert.rejects(call('GetPolicy', { FunctionName: 'hello', Qualifier: 'live' }), gone);
    await call('DeleteFunction', { FunctionName: 'hello' });
    await call('CreateFunction', { ...helloFunction, Publish: true });
    for (const Qualifier of [undefined, '1']) await assert.rejects(call('GetPolicy', { FunctionName: 'hello', Qualifier }), gone);
  });
});

test('Invoke from another account needs the policy of exactly what it names', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    await call('CreateAlias', { FunctionName: 'hello', Name: 'live', FunctionVersion: '1' });
    const invoke = (FunctionName: string, caller: Caller) => call('Invoke', { FunctionName, Payload: undefined }, { caller, account: caller.account });
    const message = `User: ${stranger.arn} is not authorized to perform: lambda:InvokeFunction on resource: ${arn}:live because no resource-based policy allows the lambda:InvokeFunction action`;
    await assert.rejects(invoke(`${arn}:live`, stranger), { code: 'AccessDeniedException', message });
    await call('AddPermission', { ...permission, StatementId: 'friend', Principal: stranger.account, Qualifier: 'live' });
    assert.equal((await invoke(`${arn}:live`, stranger)).ExecutedVersion, '1');
    await assert.rejects(invoke(arn, stranger), { code: 'AccessDeniedException' });
    await assert.rejects(invoke(`${arn}:1`, stranger), { code: 'AccessDeniedException' });
    // Their users also need their own account's leave.
    await assert.rejects(invoke(`${arn}:live`, userOf(stranger.account)), { code: 'AccessDeniedException', message: /no identity-based policy allows/ });
  });
});

test('Invoke within the account is allowed by a policy that names the user', async () => {
  await withLambda(async ({ call }) => {
    await call('CreateFunction', helloFunction);
    const caller = userOf(account);
    const invoke = () => call('Invoke', { FunctionName: 'hello', Payload: undefined }, { caller });
    await assert.rejects(invoke(), { code: 'AccessDeniedException' });
    await call('AddPermission', { ...permission, Principal: `arn:aws:iam::${account}:user/ann` });
    assert.equal((await invoke()).StatusCode, 200);
    await assert.rejects(call('GetFunction', { FunctionName: 'hello' }, { caller }), { code: 'AccessDeniedException' });
  });
});
