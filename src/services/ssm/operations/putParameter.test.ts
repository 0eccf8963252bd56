import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestSsm } from '../testing/testSsm.ts';

test('putParameter makes versions, and overwrites only when it is told to', async () => {
  const { run } = createTestSsm();
  assert.deepEqual(await run('PutParameter', { Name: '/a/b', Value: '1', Type: 'String', Description: 'd' }), { Version: 1, Tier: 'Standard' });
  await assert.rejects(run('PutParameter', { Name: '/a/b', Value: '2', Type: 'String' }), {
    code: 'ParameterAlreadyExists',
    message: 'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
  });
  assert.equal((await run('PutParameter', { Name: '/a/b', Value: '2', Overwrite: true })).Version, 2);
  const { Parameter } = await run('GetParameter', { Name: '/a/b' });
  assert.deepEqual([Parameter?.Value, Parameter?.Version, Parameter?.Type, Parameter?.ARN], ['2', 2, 'String', 'arn:aws:ssm:us-east-1:000000000000:parameter/a/b']);
  await assert.rejects(run('PutParameter', { Name: '/a/b', Value: '2', Type: 'SecureString', Overwrite: true }), { code: 'HierarchyTypeMismatchException' });
  await assert.rejects(run('PutParameter', { Name: '/a/c', Value: '2' }), { code: 'ValidationException', message: 'A parameter type is required when you create a parameter.' });
});

test('putParameter refuses names that are not names', async () => {
  const { run } = createTestSsm();
  const refuse = (name: string, code = 'ValidationException', message?: string | RegExp) =>
    assert.rejects(run('PutParameter', { Name: name, Value: '1', Type: 'String' }), { code, ...(message === undefined ? {} : { message }) });
  await refuse('a/b', undefined, 'Parameter name must be a fully qualified name.');
  await refuse('awsome', undefined, 'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).');
  await refuse('/aws/x', 'AccessDeniedException', 'No access to reserved parameter name: /aws/x.');
  await refuse('/ssm/x');
  await refuse('/a b');
  await refuse('/a//b');
  await refuse('/a/', undefined, 'Parameter name must not end with slash.');
  await refuse(`/${'x'.repeat(1_011)}`);
  await refuse('/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16', 'HierarchyLevelLimitExceededException');
  await run('PutParameter', { Name: '/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15', Value: '1', Type: 'String' });
});

test('putParameter encrypts a SecureString with its ARN as context, through a data key where it is too long for the key itself', async () => {
  const { run, encryption } = createTestSsm();
  encryption.keys.add('key-1');
  await run('PutParameter', { Name: 'pw', Value: 'hunter2', Type: 'SecureString' });
  assert.deepEqual([encryption.uses[0]?.use, encryption.uses[0]?.keyId, encryption.uses[0]?.context], ['encrypt', 'alias/aws/ssm', { PARAMETER_ARN: 'arn:aws:ssm:us-east-1:000000000000:parameter/pw' }]);
  assert.equal((await run('GetParameter', { Name: 'pw', WithDecryption: true })).Parameter?.Value, 'hunter2');
  assert.notEqual((await run('GetParameter', { Name: 'pw' })).Parameter?.Value, 'hunter2');
  const long = 'x'.repeat(5_000);
  await run('PutParameter', { Name: 'long', Value: long, Type: 'SecureString', Tier: 'Intelligent-Tiering', KeyId: 'key-1' });
  assert.equal((await run('GetParameter', { Name: 'long', WithDecryption: true })).Parameter?.Value, long);
  await assert.rejects(run('PutParameter', { Name: 'x', Value: 'v', Type: 'SecureString', KeyId: 'none' }), { code: 'InvalidKeyId' });
  await assert.rejects(run('PutParameter', { Name: 'x', Value: 'v', Type: 'String', KeyId: 'key-1' }), { code: 'ValidationException' });
});

test('putParameter chooses the tier, keeps the limits of each and never goes back', async () => {
  const { run } = createTestSsm();
  const put = (Value: string, more: object = {}) => run('PutParameter', { Name: 't', Value, Type: 'String', Overwrite: true, ...more });
  assert.equal((await put('x'.repeat(4_096))).Tier, 'Standard');
  await assert.rejects(put('x'.repeat(4_097)), { code: 'ValidationException', message: /^Standard tier parameters support a maximum parameter value of 4096 characters\./ });
  assert.equal((await put('x'.repeat(4_097), { Tier: 'Intelligent-Tiering' })).Tier, 'Advanced');
  await assert.rejects(put('x', { Tier: 'Standard' }), { code: 'ValidationException' });
  assert.equal((await put('x')).Tier, 'Advanced');
  await assert.rejects(put('x'.repeat(8_193), { Tier: 'Advanced' }), { code: 'ValidationException' });
});

test('putParameter keeps a hundred versions, and does not lose a label with the oldest', async () => {
  const { run } = createTestSsm();
  const put = () => run('PutParameter', { Name: 'v', Value: '1', Type: 'String', Overwrite: true });
  for (let version = 1; version <= 100; version++) await put();
  await run('LabelParameterVersion', { Name: 'v', ParameterVersion: 1, Labels: ['first'] });
  await assert.rejects(put(), { code: 'ParameterMaxVersionLimitExceeded', message: /^You attempted to create a new version of v by .* Version 1, the oldest version, can't be deleted/ });
  await run('UnlabelParameterVersion', { Name: 'v', ParameterVersion: 1, Labels: ['first'] });
  assert.equal((await put()).Version, 101);
  await assert.rejects(run('GetParameter', { Name: 'v:1' }), { code: 'ParameterVersionNotFound' });
  assert.equal((await run('GetParameter', { Name: 'v:2' })).Parameter?.Selector, ':2');
});

test('putParameter holds values against AllowedPattern, within a moment', async () => {
  const { run } = createTestSsm();
  const put = (Value: string, AllowedPattern: string) => run('PutParameter', { Name: 'p', Value, Type: 'String', Overwrite: true, AllowedPattern });
  await put('123', '\\d+');
  await assert.rejects(put('12a', '\\d+'), { code: 'ParameterPatternMismatchException', message: 'Parameter value, cannot be validated against allowedPattern: \\d+' });
  await assert.rejects(put('1', '('), { code: 'InvalidAllowedPatternException' });
  await assert.rejects(put(`${'a'.repeat(50)}b`, '(a+)+'), { code: 'ParameterPatternMismatchException' });
});

test('putParameter lets a parameter expire by the clock', async () => {
  const { run, advance, clock } = createTestSsm();
  const expiration = (Timestamp: string) => JSON.stringify([{ Type: 'Expiration', Version: '1.0', Attributes: { Timestamp } }]);
  const soon = new Date(clock.now() + 60_000).toISOString();
  const put = (Policies: string, more: object = {}) => run('PutParameter', { Name: 'e', Value: '1', Type: 'String', Overwrite: true, Policies, ...more });
  await assert.rejects(put(expiration(soon)), { code: 'ValidationException' });
  assert.equal((await put(expiration(soon), { Tier: 'Intelligent-Tiering' })).Tier, 'Advanced');
  assert.equal((await run('DescribeParameters', {})).Parameters?.[0]?.Policies?.[0]?.PolicyType, 'Expiration');
  await advance(59_000);
  assert.equal((await run('GetParameter', { Name: 'e' })).Parameter?.Value, '1');
  await put('[{}]');
  await advance(5_000);
  assert.equal((await run('GetParameter', { Name: 'e' })).Parameter?.Value, '1');
  await put(expiration(new Date(clock.now() + 1_000).toISOString()));
  await advance(1_000);
  await assert.rejects(run('GetParameter', { Name: 'e' }), { code: 'ParameterNotFound' });
  await assert.rejects(put(expiration('tomorrow')), { code: 'InvalidPolicyAttributeException' });
  await assert.rejects(put('[{"Type":"Vanish","Version":"1.0"}]'), { code: 'InvalidPolicyTypeException' });
});

test('putParameter tells EventBridge what its policies say, once for each version', async () => {
  const { run, advance, clock, events } = createTestSsm();
  const day = 86_400_000;
  const policy = (Type: string, Attributes: object) => ({ Type, Version: '1.0', Attributes });
  const expiration = policy('Expiration', { Timestamp: new Date(clock.now() + 10 * day).toISOString() });
  const notice = policy('ExpirationNotification', { Before: '12', Unit: 'Hours' });
  const idle = policy('NoChangeNotification', { After: '3', Unit: 'Days' });
  const put = (policies?: readonly object[]) => run('PutParameter', { Name: '/n', Value: '1', Type: 'String', Tier: 'Advanced', Overwrite: true, ...(policies && { Policies: JSON.stringify(policies) }) });
  const told = () => events.map(({ detailType, detail }) => (detailType === 'Parameter Store Change' ? detail['operation'] : detail['policy-type']));
  await put([expiration, notice, idle]);
  await advance(2 * day);
  // A change begins the wait anew, and keeps the policies.
  await put();
  await advance(2 * day);
  assert.deepEqual(told(), ['Create', 'Update']);
  await advance(1 * day);
  assert.deepEqual((await run('DescribeParameters', {})).Parameters?.[0]?.Policies?.map(({ PolicyStatus }) => PolicyStatus), ['Pending', 'Pending', 'Finished']);
  await advance(6 * day);
  assert.deepEqual(told(), ['Create', 'Update', 'NoChangeNotification', 'ExpirationNotification', 'Delete', 'Expiration']);
  assert.equal(events.at(2)?.atMs, clock.now() - 6 * day);
  assert.deepEqual(events.at(2)?.resources, ['arn:aws:ssm:us-east-1:000000000000:parameter/n']);
  assert.deepEqual(events.at(2)?.detail, {
    'policy-content': JSON.stringify(idle),
    'parameter-name': '/n',
    'parameter-type': 'String',
    'policy-type': 'NoChangeNotification',
    'action-status': 'Success',
    'action-reason': 'The parameter has not been changed for the time that its policy names.',
  });
  await put([]);
  await advance(10 * day);
  assert.deepEqual((await run('GetParameter', { Name: '/n' })).Parameter?.Value, '1');
});

test('putParameter refuses policies that contradict each other or cannot be read', async () => {
  const { run, clock } = createTestSsm();
  const Timestamp = new Date(clock.now() + 60_000).toISOString();
  const put = (...policies: readonly object[]) => run('PutParameter', { Name: 'p', Value: '1', Type: 'String', Tier: 'Advanced', Policies: JSON.stringify(policies.map((policy) => ({ Version: '1.0', ...policy }))) });
  const expiration = { Type: 'Expiration', Attributes: { Timestamp } };
  const notice = { Type: 'ExpirationNotification', Attributes: { Before: '1', Unit: 'Days' } };
  await assert.rejects(put(expiration, expiration), { code: 'IncompatiblePolicyException' });
  await assert.rejects(put(notice), { code: 'IncompatiblePolicyException' });
  for (const Attributes of [undefined, {}, { Before: '1' }, { Before: '0', Unit: 'Days' }, { Before: '-1', Unit: 'Days' }, { Before: '1', Unit: 'Weeks' }, { Before: '999999', Unit: 'Days' }]) {
    await assert.rejects(put(expiration, { Type: 'ExpirationNotification', Attributes }), { code: 'InvalidPolicyAttributeException' });
  }
});

test('putParameter refuses tags with an overwrite, empty values and data types that need others', async () => {
  const { run, access } = createTestSsm();
  await assert.rejects(run('PutParameter', { Name: 'a', Value: '1', Type: 'String', Overwrite: true, Tags: [{ Key: 'k', Value: 'v' }] }), { code: 'ValidationException' });
  await assert.rejects(run('PutParameter', { Name: 'a', Value: '', Type: 'String' }), { code: 'ValidationException' });
  await assert.rejects(run('PutParameter', { Name: 'a', Value: 'ami-1', Type: 'String', DataType: 'aws:ec2:image' }), { code: 'ValidationException' });
  await run('PutParameter', { Name: 'a', Value: '1', Type: 'String', Tags: [{ Key: 'k', Value: 'v' }] });
  assert.deepEqual((await run('ListTagsForResource', { ResourceType: 'Parameter', ResourceId: 'a' })).TagList, [{ Key: 'k', Value: 'v' }]);
  const [asked] = await access('PutParameter', { Name: 'a', Value: '2', Overwrite: true });
  assert.deepEqual(asked, {
    action: 'ssm:PutParameter',
    resource: 'arn:aws:ssm:us-east-1:000000000000:parameter/a',
    conditions: { 'ssm:Overwrite': 'true', 'aws:ResourceTag/k': 'v', 'ssm:resourceTag/k': 'v' },
  });
});
