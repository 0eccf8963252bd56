import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainDenial } from './explainDenial.ts';
import type { PolicyRequest } from './types.ts';

const request: PolicyRequest = {
  principal: { kind: 'user', account: '111111111111', arn: 'arn:aws:iam::111111111111:user/alice', userName: 'alice' },
  action: 'sqs:SendMessage',
  resource: 'arn:aws:sqs:us-east-1:111111111111:jobs',
  context: new Map(),
};
const subject = 'User: arn:aws:iam::111111111111:user/alice is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:us-east-1:111111111111:jobs';

// The sentences: IAM user guide, "Troubleshoot access denied error messages".
test('explainDenial says which layer did not allow', () => {
  assert.equal(
    explainDenial(request, { decision: 'implicit-deny', missing: 'boundary' }),
    `${subject} because no permissions boundary allows the sqs:sendmessage action`,
  );
});

test('explainDenial says which layer denied', () => {
  const deciding = { layer: 'identity', source: 'inline:x', index: 0, sid: undefined } as const;
  assert.equal(explainDenial(request, { decision: 'explicit-deny', deciding }), `${subject} with an explicit deny in an identity-based policy`);
});

test('explainDenial speaks as each service does', () => {
  const sentenceOf = (action: string, resource: string): string => explainDenial({ ...request, action, resource }, { decision: 'implicit-deny', missing: 'identity' }).replace(/^User: \S+ /, '');
  assert.equal(sentenceOf('sns:Publish', 'arn:aws:sns:us-east-1:1:t'), 'is not authorized to perform: SNS:Publish on resource: arn:aws:sns:us-east-1:1:t because no identity-based policy allows the SNS:Publish action');
  assert.equal(sentenceOf('s3:GetObject', 'arn:aws:s3:::b/k'), 'is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" because no identity-based policy allows the s3:GetObject action');
  assert.equal(sentenceOf('lambda:ListFunctions', '*'), 'is not authorized to perform: lambda:ListFunctions on resource: * because no identity-based policy allows the lambda:ListFunctions action');
  assert.equal(sentenceOf('sts:GetAccessKeyInfo', '*'), 'is not authorized to perform: sts:GetAccessKeyInfo because no identity-based policy allows the sts:GetAccessKeyInfo action');
  assert.equal(sentenceOf('sts:AssumeRole', 'arn:aws:iam::1:role/r'), 'is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/r');
});
