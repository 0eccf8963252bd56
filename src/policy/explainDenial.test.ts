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
const subject = 'User: arn:aws:iam::111111111111:user/alice is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:us-east-1:111111111111:jobs';

// The sentences: IAM user guide, "Troubleshoot access denied error messages".
test('explainDenial says which layer did not allow', () => {
  assert.equal(
    explainDenial(request, { decision: 'implicit-deny', missing: 'boundary' }),
    `${subject} because no permissions boundary allows the sqs:SendMessage action`,
  );
});

test('explainDenial says which layer denied', () => {
  const deciding = { layer: 'identity', source: 'inline:x', index: 0, sid: undefined } as const;
  assert.equal(explainDenial(request, { decision: 'explicit-deny', deciding }), `${subject} with an explicit deny in an identity-based policy`);
});
