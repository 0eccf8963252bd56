import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, createHarness } from '../testing/harness.ts';

test('GenerateCredentialReport starts a report that GetCredentialReport answers for four hours', async () => {
  const { iam, clock, use, createUser } = createHarness();
  await assert.rejects(iam('GetCredentialReport', {}), { code: 'CredentialReportNotPresentException' });
  await createUser('ann', []);
  await iam('CreateLoginProfile', { UserName: 'ann', Password: 'Secret-12' });
  const { AccessKey } = await iam('CreateAccessKey', { UserName: 'ann' });
  use.keyUsed({ accessKeyId: AccessKey?.AccessKeyId ?? '', account, service: 'sqs', region: 'eu-west-1', nowMs: clock.now() });
  assert.equal((await iam('GenerateCredentialReport', {})).State, 'STARTED');
  assert.equal((await iam('GenerateCredentialReport', {})).State, 'COMPLETE');
  const { Content, ReportFormat } = await iam('GetCredentialReport', {});
  const [head = '', root = '', ann = '', ...more] = Buffer.from(Content ?? []).toString().split('\n');
  assert.deepEqual([ReportFormat, more], ['text/csv', []]);
  assert.ok(head.startsWith('user,arn,user_creation_time,password_enabled,'));
  assert.ok(root.startsWith(`<root_account>,arn:aws:iam::${account}:root,`));
  const time = new Date(clock.now()).toISOString().replace('.000Z', '+00:00');
  assert.equal(ann, `ann,arn:aws:iam::${account}:user/ann,${time},true,no_information,${time},N/A,false,true,${time},${time},eu-west-1,sqs,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A`);
  for (const line of [root, ann]) assert.equal(line.split(',').length, head.split(',').length);
  clock.advance(4 * 3_600_000);
  await assert.rejects(iam('GetCredentialReport', {}), { code: 'CredentialReportExpiredException' });
});
