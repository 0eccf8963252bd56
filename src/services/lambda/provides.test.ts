import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, helloFunction, withLambda } from './testing/testLambda.ts';

const functionArn = `arn:aws:lambda:us-east-1:${account}:function:hello`;
const question = { functionArn, service: 's3.amazonaws.com', sourceArn: 'arn:aws:s3:::photos', sourceAccount: account };
const permission = { FunctionName: 'hello', StatementId: 's3', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com', SourceArn: 'arn:aws:s3:::photos' };

test('mayInvoke denies without a policy and names the command that would allow it', async () => {
  await withLambda(async ({ call, lambda }) => {
    await call('CreateFunction', helloFunction);
    assert.deepEqual(await lambda.access.mayInvoke(question), {
      kind: 'denied',
      remedy: `aws lambda add-permission --function-name hello --statement-id allow-s3 --action lambda:InvokeFunction --principal s3.amazonaws.com --source-arn 'arn:aws:s3:::photos' --source-account ${account}`,
    });
  });
});

test('mayInvoke goes by service, source ARN and source account', async () => {
  await withLambda(async ({ call, lambda }) => {
    await call('CreateFunction', helloFunction);
    await call('AddPermission', { ...permission, SourceAccount: account });
    const verdictOf = async (change: object): Promise<string> => (await lambda.access.mayInvoke({ ...question, ...change })).kind;
    assert.equal(await verdictOf({}), 'allowed');
    assert.equal(await verdictOf({ service: 'sns.amazonaws.com' }), 'denied');
    assert.equal(await verdictOf({ sourceArn: 'arn:aws:s3:::other' }), 'denied');
    assert.equal(await verdictOf({ sourceAccount: '111122223333' }), 'denied');
  });
});

test('mayInvoke matches wildcards of a source ARN', async () => {
  await withLambda(async ({ call, lambda }) => {
    await call('CreateFunction', helloFunction);
    const api = 'arn:aws:execute-api:us-east-1:000000000000:a1b2c3';
    await call('AddPermission', { ...permission, Principal: 'apigateway.amazonaws.com', SourceArn: `${api}/*/GET/items` });
    const asked = { functionArn, service: 'apigateway.amazonaws.com' };
    assert.equal((await lambda.access.mayInvoke({ ...asked, sourceArn: `${api}/prod/GET/items` })).kind, 'allowed');
    assert.equal((await lambda.access.mayInvoke({ ...asked, sourceArn: `${api}/prod/POST/items` })).kind, 'denied');
  });
});

test('mayInvoke looks at the policy of the version or alias that the ARN names', async () => {
  await withLambda(async ({ call, lambda }) => {
    await call('CreateFunction', { ...helloFunction, Publish: true });
    await call('CreateAlias', { FunctionName: 'hello', Name: 'live', FunctionVersion: '1' });
    await call('AddPermission', { ...permission, Qualifier: 'live' });
    const live = { ...question, functionArn: `${functionArn}:live` };
    assert.equal((await lambda.access.mayInvoke(live)).kind, 'allowed');
    const verdict = await lambda.access.mayInvoke({ ...question, functionArn: `${functionArn}:1` });
    assert.match(verdict.kind === 'denied' ? verdict.remedy : '', /--qualifier '1'/);
  });
});

test('mayInvoke tells when there is no such function', async () => {
  await withLambda(async ({ call, lambda }) => {
    await call('CreateFunction', helloFunction);
    for (const missing of [`${functionArn}:absent`, `${functionArn}s`, 'arn:aws:sqs:us-east-1:000000000000:hello', 'hello']) {
      assert.deepEqual(await lambda.access.mayInvoke({ ...question, functionArn: missing }), { kind: 'no-such-function' }, missing);
    }
  });
});
