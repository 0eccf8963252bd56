import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSecrets, functionArn } from '../testing/testSecrets.ts';
import type { RotationEvent, TestSecrets } from '../testing/testSecrets.ts';
import { token } from '../testing/tokens.ts';

const dayMs = 86_400_000;

async function createRotated(): Promise<TestSecrets> {
  const secrets = createTestSecrets();
  await secrets.run('CreateSecret', { Name: 's', ClientRequestToken: token(1), SecretString: 'old' });
  secrets.setFunction((event) => rotateAsTemplatesDo(secrets, event));
  return secrets;
}

// What the templates of AWS do: a new value at the first step, the label at the last.
async function rotateAsTemplatesDo({ run }: TestSecrets, { Step, SecretId, ClientRequestToken, RotationToken }: RotationEvent): Promise<undefined> {
  if (Step === 'createSecret') {
    await run('PutSecretValue', { SecretId, ClientRequestToken, SecretString: `new ${ClientRequestToken}`, VersionStages: ['AWSPENDING'], RotationToken });
  }
  if (Step === 'finishSecret') {
    const { VersionIdsToStages = {} } = await run('DescribeSecret', { SecretId });
    const RemoveFromVersionId = Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes('AWSCURRENT'));
    await run('UpdateSecretVersionStage', { SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: ClientRequestToken, RemoveFromVersionId });
  }
}

test('rotateSecret runs the four steps in order and makes the new version current', async () => {
  const { run, deliver, invocations, clock } = await createRotated();
  const answer = await run('RotateSecret', { SecretId: 's', ClientRequestToken: token(2), RotationLambdaARN: functionArn, RotationRules: { AutomaticallyAfterDays: 30 } });
  assert.equal(answer.VersionId, token(2));
  assert.deepEqual((await run('DescribeSecret', { SecretId: 's' })).VersionIdsToStages?.[token(2)], ['AWSPENDING']);
  await assert.rejects(run('GetSecretValue', { SecretId: 's', VersionStage: 'AWSPENDING' }), { code: 'ResourceNotFoundException' });
  await deliver();
  assert.deepEqual(invocations.map(({ event }) => event.Step), ['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
  assert.deepEqual(new Set(invocations.map(({ event }) => event.ClientRequestToken)), new Set([token(2)]));
  assert.equal((await run('GetSecretValue', { SecretId: 's' })).SecretString, `new ${token(2)}`);
  const described = await run('DescribeSecret', { SecretId: 's' });
  assert.deepEqual([described.RotationEnabled, described.RotationLambdaARN, described.RotationRules], [true, functionArn, { AutomaticallyAfterDays: 30 }]);
  assert.deepEqual([described.LastRotatedDate, described.NextRotationDate], [new Date(clock.now()), new Date(clock.now() + 30 * dayMs)]);
  assert.deepEqual(described.VersionIdsToStages, { [token(1)]: ['AWSPREVIOUS'], [token(2)]: ['AWSCURRENT', 'AWSPENDING'] });
});

test('rotateSecret comes again on its schedule, by the clock', async () => {
  const { run, deliver, advance, invocations } = await createRotated();
  await run('RotateSecret', { SecretId: 's', ClientRequestToken: token(2), RotationLambdaARN: functionArn, RotationRules: { ScheduleExpression: 'rate(10 days)' } });
  await deliver();
  await advance(10 * dayMs - 1);
  assert.equal(invocations.length, 4);
  await advance(1);
  await deliver();
  assert.equal(invocations.length, 8);
  await advance(10 * dayMs);
  await deliver();
  assert.equal(invocations.length, 12);
  await run('CancelRotateSecret', { SecretId: 's' });
  await advance(100 * dayMs);
  await deliver();
  const described = await run('DescribeSecret', { SecretId: 's' });
  assert.deepEqual([invocations.length, described.RotationEnabled, 'NextRotationDate' in described], [12, false, false]);
});

test('rotateSecret tries a failing step again, gives up, and is taken up again with the same version', async () => {
  const secrets = await createRotated();
  const { run, deliver, invocations } = secrets;
  let broken = true;
  secrets.setFunction(async (event) => {
    if (broken && event.Step === 'setSecret') return { kind: 'answered', failed: true, payload: Buffer.from('{}') };
    return rotateAsTemplatesDo(secrets, event);
  });
  await run('RotateSecret', { SecretId: 's', ClientRequestToken: token(2), RotationLambdaARN: functionArn });
  await deliver();
  assert.deepEqual(invocations.map(({ event }) => event.Step), ['createSecret', ...Array.from({ length: 5 }, () => 'setSecret')]);
  assert.equal((await run('GetSecretValue', { SecretId: 's' })).SecretString, 'old');
  broken = false;
  secrets.setFunction(async (event) => (event.Step === 'createSecret' ? undefined : rotateAsTemplatesDo(secrets, event)));
  await assert.rejects(run('RotateSecret', { SecretId: 's', ClientRequestToken: token(3) }), {
    code: 'InvalidRequestException',
    message: "A previous rotation isn't complete. That rotation will be reattempted.",
  });
  await deliver();
  assert.equal((await run('GetSecretValue', { SecretId: 's' })).VersionId, token(2));
});

test('rotateSecret without RotateImmediately asks the function to test, and leaves no version', async () => {
  const { run, deliver, invocations } = await createRotated();
  await run('RotateSecret', { SecretId: 's', ClientRequestToken: token(2), RotationLambdaARN: functionArn, RotateImmediately: false, RotationRules: { AutomaticallyAfterDays: 1 } });
  await deliver();
  assert.deepEqual(invocations.map(({ event }) => event.Step), ['testSecret']);
  assert.equal((await run('ListSecretVersionIds', { SecretId: 's', IncludeDeprecated: true })).Versions?.length, 1);
  const described = await run('DescribeSecret', { SecretId: 's' });
  assert.deepEqual([described.RotationEnabled, 'LastRotatedDate' in described], [true, false]);
});

test('rotateSecret refuses a function that does not let it in, no function, and schedules that are none', async () => {
  const { run, setVerdict } = await createRotated();
  const rotate = (more: object) => run('RotateSecret', { SecretId: 's', ClientRequestToken: token(2), ...more });
  await assert.rejects(rotate({}), { code: 'InvalidRequestException', message: 'No Lambda rotation function ARN is associated with this secret.' });
  await assert.rejects(run('RotateSecret', { SecretId: 's' }), { code: 'InvalidParameterException', message: 'You must provide a ClientRequestToken value. We recommend a UUID-type value.' });
  for (const verdict of [{ kind: 'denied', remedy: 'x' }, { kind: 'no-such-function' }] as const) {
    setVerdict(verdict);
    await assert.rejects(rotate({ RotationLambdaARN: functionArn }), {
      code: 'AccessDeniedException',
      message: 'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
    });
  }
  assert.equal((await run('DescribeSecret', { SecretId: 's' })).RotationEnabled, undefined);
  setVerdict({ kind: 'allowed' });
  const rules = [
    { AutomaticallyAfterDays: 1, ScheduleExpression: 'rate(1 day)' },
    { ScheduleExpression: 'rate(3 hours)' },
    { ScheduleExpression: 'cron(5 4 * * ? *)' },
    { ScheduleExpression: 'cron(0 4 30 2 ? *)' },
    { ScheduleExpression: 'cron(0 4 ? * ? *)' },
    { AutomaticallyAfterDays: 1, Duration: '25h' },
  ];
  for (const RotationRules of rules) await assert.rejects(rotate({ RotationLambdaARN: functionArn, RotationRules }), { code: 'InvalidParameterException' }, JSON.stringify(RotationRules));
});

test('cancelRotateSecret stops a run under way and leaves what it has announced', async () => {
  const { run, deliver, invocations } = await createRotated();
  await run('RotateSecret', { SecretId: 's', ClientRequestToken: token(2), RotationLambdaARN: functionArn });
  assert.equal((await run('CancelRotateSecret', { SecretId: 's' })).VersionId, token(2));
  await deliver();
  assert.equal(invocations.length, 0);
  assert.deepEqual((await run('DescribeSecret', { SecretId: 's' })).VersionIdsToStages?.[token(2)], ['AWSPENDING']);
});

test('a repeated RotateSecret is one rotation', async () => {
  const { run, deliver, invocations } = await createRotated();
  const rotate = () => run('RotateSecret', { SecretId: 's', ClientRequestToken: token(2), RotationLambdaARN: functionArn });
  assert.deepEqual(await rotate(), await rotate());
  await deliver();
  await rotate();
  await deliver();
  assert.equal(invocations.length, 4);
});
