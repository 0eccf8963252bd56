import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withEvents } from '../testEvents.ts';

const account = '123456789012';
const queueArn = `arn:aws:sqs:us-east-1:${account}:queue`;
const roleArn = `arn:aws:iam::${account}:role/sender`;
const here = { account, region: 'us-east-1' };
const busArn = `arn:aws:events:us-east-1:${account}:event-bus/default`;
const entry = (source: string, detail: object = {}, more: object = {}) => ({ Entries: [{ Source: source, DetailType: 't', Detail: JSON.stringify(detail), ...more }] });

test('PutRule, PutTargets and PutEvents ask for what IAM calls them, and for the role that is passed', async () => {
  await withEvents(async ({ access }) => {
    const rule = await access('PutRule', { Name: 'r', EventPattern: '{"source":["a"],"detail-type":["b"]}', RoleArn: roleArn, Tags: [{ Key: 'k', Value: 'v' }] });
    assert.deepEqual(rule.map(({ action }) => action), ['events:PutRule', 'events:TagResource', 'iam:PassRole']);
    assert.deepEqual(rule[0]?.conditions, { 'events:source': ['a'], 'events:detail-type': ['b'] });
    const target = await access('PutTargets', { Rule: 'r', Targets: [{ Id: '1', Arn: queueArn }] });
    assert.deepEqual(target[0]?.conditions, { 'events:TargetArn': [queueArn] });
    const [put] = await access('PutEvents', entry('shop'));
    assert.deepEqual([put?.action, put?.conditions?.['events:source']], ['events:PutEvents', ['shop']]);
    assert.match((await access('PutRule', { Name: 'r', EventBusName: 'mine' }))[0]?.resource ?? '', /:rule\/mine\/r$/);
  });
});

test('PutEvents reaches every target of every rule that fits, and DisableRule, EnableRule, RemoveTargets and DeleteRule change that at once', async () => {
  await withEvents(async ({ run, received, until }) => {
    for (const name of ['one', 'two']) {
      await run('PutRule', { Name: name, EventPattern: '{"source":["shop"]}' }, here);
      await run('PutTargets', { Rule: name, Targets: ['a', 'b'].map((id) => ({ Id: id, Arn: `${queueArn}-${name}-${id}` })) }, here);
    }
    assert.deepEqual((await run('ListTargetsByRule', { Rule: 'one' }, here)).Targets?.map(({ Id }) => Id), ['a', 'b']);
    assert.deepEqual((await run('ListRuleNamesByTarget', { TargetArn: `${queueArn}-one-a` }, here)).RuleNames, ['one']);
    await run('PutEvents', entry('shop'), here);
    await run('PutEvents', entry('other'), here);
    await until(() => received.length === 4);
    await run('DisableRule', { Name: 'one' }, here);
    await run('RemoveTargets', { Rule: 'two', Ids: ['a'] }, here);
    await run('PutEvents', entry('shop'), here);
    await until(() => received.length === 5);
    assert.match(received[4]?.target ?? '', /two-b$/);
    assert.deepEqual((await run('ListRules', {}, here)).Rules?.map(({ Name, State }) => [Name, State]), [['one', 'DISABLED'], ['two', 'ENABLED']]);
    await run('EnableRule', { Name: 'one' }, here);
    await run('RemoveTargets', { Rule: 'two', Ids: ['b'] }, here);
    await run('DeleteRule', { Name: 'two' }, here);
    await assert.rejects(run('DescribeRule', { Name: 'two' }, here), { code: 'ResourceNotFoundException' });
    await run('PutEvents', entry('shop'), here);
    await until(() => received.length === 7);
  });
});

test('PutEvents with more than one transaction may write is sent on step by step, to each target once', async () => {
  await withEvents(async ({ run, received, until }) => {
    const names = Array.from({ length: 12 }, (_, at) => `rule-${String(at).padStart(2, '0')}`);
    for (const name of names) {
      await run('PutRule', { Name: name, EventPattern: '{"source":["shop"]}' }, here);
      await run('PutTargets', { Rule: name, Targets: [{ Id: 'q', Arn: `${queueArn}-${name}` }] }, here);
    }
    await run('PutEvents', entry('shop', { x: 'x'.repeat(1_000_000) }), here);
    await until(() => received.length >= 12);
    assert.deepEqual(received.map(({ target }) => target.slice(-7)).sort(), names);
  });
});

test('PutTargets with a RetryPolicy: what fails is tried again by the clock, and then goes to the dead-letter queue with what has been exhausted', async () => {
  await withEvents(async ({ run, received, answers, until, clock }) => {
    await run('PutRule', { Name: 'r', EventPattern: '{"source":["shop"]}' }, here);
    const DeadLetterConfig = { Arn: `${queueArn}-dead` };
    await run('PutTargets', { Rule: 'r', Targets: [{ Id: 'q', Arn: queueArn, DeadLetterConfig, RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 3_600 } }] }, here);
    const failure = { kind: 'retry', reason: 'not now' } as const;
    answers.push(failure, failure, failure);
    const startMs = clock.now();
    await run('PutEvents', entry('shop', { n: 1 }), here);
    await until(() => received.length === 1);
    assert.ok(clock.now() - startMs >= 1_000);
    const texts = Object.fromEntries(Object.entries(received[0]?.message.attributes ?? {}).map(([name, { value }]) => [name, value]));
    assert.equal(received[0]?.target, DeadLetterConfig.Arn);
    assert.deepEqual(texts, {
      RULE_ARN: `arn:aws:events:us-east-1:${account}:rule/r`,
      TARGET_ARN: queueArn,
      ERROR_CODE: 'ERROR_FROM_TARGET',
      ERROR_MESSAGE: 'not now',
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: '2',
    });
    answers.push(...Array.from({ length: 100 }, () => failure));
    await run('PutTargets', { Rule: 'r', Targets: [{ Id: 'q', Arn: queueArn, DeadLetterConfig, RetryPolicy: { MaximumEventAgeInSeconds: 60 } }] }, here);
    await run('PutEvents', entry('shop', { n: 2 }), here);
    await until(() => received.length === 2);
    assert.equal(received[1]?.message.attributes?.['EXHAUSTED_RETRY_CONDITION']?.value, 'MaximumEventAgeInSeconds');
    assert.ok(clock.now() - startMs < 120_000);
  });
});

test('PutTargets: functions are asked for their policy, log groups get the event, and buses are reached in a role only', async () => {
  await withEvents(async ({ run, received, until }) => {
    await run('CreateEventBus', { Name: 'second' }, here);
    await run('PutRule', { Name: 'r', EventPattern: '{"source":["shop"]}' }, here);
    const dead = (id: string) => ({ Id: id, DeadLetterConfig: { Arn: `${queueArn}-dead-${id}` } });
    const second = busArn.replace('default', 'second');
    await run(
      'PutTargets',
      {
        Rule: 'r',
        Targets: [
          { ...dead('open'), Arn: `arn:aws:lambda:us-east-1:${account}:function:open` },
          { ...dead('closed'), Arn: `arn:aws:lambda:us-east-1:${account}:function:closed` },
          { ...dead('log'), Arn: `arn:aws:logs:us-east-1:${account}:log-group:/aws/events/x` },
          { ...dead('bus'), Arn: second, RoleArn: roleArn.replace('sender', 'nobody') },
          { ...dead('good-bus'), Arn: second, RoleArn: roleArn },
        ],
      },
      here,
    );
    await run('PutRule', { Name: 'there', EventPattern: '{"source":["shop"]}', EventBusName: 'second' }, here);
    await run('PutTargets', { Rule: 'there', EventBusName: 'second', Targets: [{ Id: 'q', Arn: queueArn }, { ...dead('log'), Arn: `arn:aws:logs:us-east-1:${account}:log-group:/aws/events/closed` }] }, here);
    await run('PutEvents', entry('shop'), here);
    await until(() => received.length === 6);
    assert.deepEqual(received.map(({ target, message }) => [target.split(':').at(-1), message.attributes?.['ERROR_CODE']?.value]).sort(), [
      ['/aws/events/x', undefined],
      ['open', undefined],
      ['queue', undefined],
      ['queue-dead-bus', 'NO_PERMISSIONS'],
      ['queue-dead-closed', 'NO_PERMISSIONS'],
      ['queue-dead-log', 'NO_PERMISSIONS'],
    ]);
  });
});

test('PutTargets: buses that feed each other end after sixteen rounds, and a third account is never reached', async () => {
  await withEvents(async ({ run, received, until }) => {
    await run('PutRule', { Name: 'loop', EventPattern: '{"source":["shop"]}' }, here);
    await run('PutTargets', { Rule: 'loop', Targets: [{ Id: 'self', Arn: busArn, RoleArn: roleArn, DeadLetterConfig: { Arn: `${queueArn}-dead` } }, { Id: 'q', Arn: queueArn }] }, here);
    await run('PutEvents', entry('shop'), here);
    await until(() => received.some(({ target }) => target.endsWith('-dead')) && received.length === 18);
    assert.equal(received.filter(({ target }) => target === queueArn).length, 17);
  });
  await withEvents(async ({ run, received, until }) => {
    const chain = ['111111111111', '222222222222', '333333333333'];
    for (const [at, owner] of chain.entries()) {
      const there = { account: owner, region: 'us-east-1' };
      await run('PutPermission', { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 'events:PutEvents', Resource: '*' }] }) }, there);
      await run('PutRule', { Name: 'on', EventPattern: '{"source":["shop"]}' }, there);
      const next = chain[at + 1];
      const targets = next === undefined ? [] : [{ Id: 'next', Arn: `arn:aws:events:us-east-1:${next}:event-bus/default`, DeadLetterConfig: { Arn: `arn:aws:sqs:us-east-1:${owner}:dead` } }];
      await run('PutTargets', { Rule: 'on', Targets: [...targets, { Id: 'q', Arn: `arn:aws:sqs:us-east-1:${owner}:queue` }] }, there);
    }
    await run('PutEvents', entry('shop'), { account: '111111111111', region: 'us-east-1' });
    await until(() => received.length === 3);
    assert.deepEqual(received.map(({ target, message }) => [target.split(':').slice(4).join(' '), message.attributes?.['ERROR_CODE']?.value]).sort(), [
      ['111111111111 queue', undefined],
      ['222222222222 dead', 'THIRD_ACCOUNT_HOP_DETECTED'],
      ['222222222222 queue', undefined],
    ]);
  });
});

test('PutRule with a schedule fires by the clock, makes up for a day at most, and stops with DisableRule', async () => {
  await withEvents(async ({ run, received, until, clock }) => {
    await run('PutRule', { Name: 'tick', ScheduleExpression: 'rate(1 hour)' }, here);
    await run('PutTargets', { Rule: 'tick', Targets: [{ Id: 'q', Arn: queueArn }] }, here);
    clock.advance(3 * 3_600_000);
    await until(() => received.length === 3);
    clock.advance(30 * 86_400_000);
    await until(() => received.length === 3 + 24);
    await run('DisableRule', { Name: 'tick' }, here);
    const before = received.length;
    clock.advance(3 * 3_600_000);
    await run('PutRule', { Name: 'other', ScheduleExpression: 'cron(* * * * ? *)' }, here);
    await run('PutTargets', { Rule: 'other', Targets: [{ Id: 'q', Arn: `${queueArn}-2` }] }, here);
    await until(() => received.length > before);
    assert.match(received[before]?.target ?? '', /queue-2$/);
  });
});

test('CreateArchive, StartReplay and CancelReplay: archived events come again, those of other archives and times do not', async () => {
  await withEvents(async ({ run, received, until, clock }) => {
    const { ArchiveArn = '' } = await run('CreateArchive', { ArchiveName: 'a', EventSourceArn: busArn, RetentionDays: 1 }, here);
    const times = [0, 60_000, 120_000].map((offset) => new Date(clock.now() + offset));
    for (const [n, Time] of times.entries()) await run('PutEvents', entry('shop', { n, x: 'x'.repeat(n * 70_000) }, { Time }), here);
    const count = async () => (await run('DescribeArchive', { ArchiveName: 'a' }, here)).EventCount;
    await until(async () => (await count()) === 3);
    await run('PutRule', { Name: 'r', EventPattern: '{"source":["shop"]}' }, here);
    await run('PutTargets', { Rule: 'r', Targets: [{ Id: 'q', Arn: queueArn, InputPath: '$.detail.n' }] }, here);
    const replay = { EventSourceArn: ArchiveArn, Destination: { Arn: busArn }, EventStartTime: times[1], EventEndTime: new Date(clock.now() + 86_400_000) };
    await run('StartReplay', { ReplayName: 'again', ...replay }, here);
    await until(async () => (await run('DescribeReplay', { ReplayName: 'again' }, here)).State === 'COMPLETED');
    await until(() => received.length === 2);
    assert.deepEqual(received.map(({ message }) => message.body).sort(), ['1', '2']);
    assert.equal(await count(), 3);
    await run('StartReplay', { ReplayName: 'cancelled', ...replay }, here);
    await run('CancelReplay', { ReplayName: 'cancelled' }, here);
    await until(async () => (await run('ListReplays', { State: 'CANCELLED' }, here)).Replays?.length === 1);
    await run('UpdateArchive', { ArchiveName: 'a', Description: 'x' }, here);
    assert.equal((await run('ListArchives', {}, here)).Archives?.length, 1);
    clock.advance(86_400_000 + 60_000);
    await until(async () => (await count()) === 1);
    clock.advance(86_400_000);
    await until(async () => (await count()) === 0);
    await run('DeleteArchive', { ArchiveName: 'a' }, here);
    await assert.rejects(run('DescribeArchive', { ArchiveName: 'a' }, here), { code: 'ResourceNotFoundException', message: 'Archive a does not exist.' });
  });
});

test('the settings that nothing here does are refused in words by CreateEventBus, UpdateEventBus, CreateArchive, CreateConnection and PutRule', async () => {
  await withEvents(async ({ run }) => {
    const refused = { code: 'ValidationException', message: /is not supported by Haneul\.$/ };
    await assert.rejects(run('CreateEventBus', { Name: 'x', LogConfig: { Level: 'INFO' } }, here), refused);
    await assert.rejects(run('UpdateEventBus', { Name: 'default', KmsKeyIdentifier: 'alias/x' }, here), refused);
    await assert.rejects(run('CreateArchive', { ArchiveName: 'x', EventSourceArn: busArn, KmsKeyIdentifier: 'alias/x' }, here), refused);
    await assert.rejects(run('CreateConnection', { Name: 'x', KmsKeyIdentifier: 'alias/x' }, here), refused);
    await assert.rejects(run('PutRule', { Name: 'x', EventPattern: '{"a":["b"]}', State: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' }, here), refused);
    await assert.rejects(run('PutEvents', { ...entry('x'), EndpointId: 'a.b' }, here), refused);
    assert.deepEqual((await run('ListEventBuses', {}, here)).EventBuses?.map(({ Name }) => Name), ['default']);
    await run('DeleteEventBus', { Name: 'never-was' }, here);
    await assert.rejects(run('DescribeEventBus', { Name: 'never-was' }, here), { code: 'ResourceNotFoundException' });
  });
});

test('PutPermission and RemovePermission change the policy of a bus, statement by statement or whole', async () => {
  await withEvents(async ({ run }) => {
    const add = (StatementId: string, more: object = {}) => run('PutPermission', { Action: 'events:PutEvents', Principal: '111122223333', StatementId, ...more }, here);
    await add('a');
    await add('b', { Principal: '*', Condition: { Type: 'StringEquals', Key: 'aws:PrincipalOrgID', Value: 'o-1' } });
    await assert.rejects(add('c', { Action: 'events:PutRule' }), { code: 'ValidationException' });
    const statements = async () => JSON.parse((await run('DescribeEventBus', {}, here)).Policy ?? '{"Statement":[]}').Statement as { Sid: string }[];
    assert.deepEqual((await statements()).map(({ Sid }) => Sid), ['a', 'b']);
    await run('RemovePermission', { StatementId: 'a' }, here);
    await assert.rejects(run('RemovePermission', { StatementId: 'a' }, here), { code: 'ResourceNotFoundException', message: 'Statement with the provided id does not exist.' });
    await run('RemovePermission', { RemoveAllPermissions: true }, here);
    assert.deepEqual(await statements(), []);
    await assert.rejects(run('PutPermission', { Policy: '{"Statement":7}' }, here), { code: 'ValidationException' });
    await assert.rejects(run('PutPermission', { Policy: JSON.stringify({ Version: '2012-10-17', Statement: { Sid: 'x'.repeat(11_000), Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' } }) }, here), { code: 'PolicyLengthExceededException' });
  });
});

test('TagResource, UntagResource and ListTagsForResource know rules and buses and nothing else', async () => {
  await withEvents(async ({ run }) => {
    const { RuleArn = '' } = await run('PutRule', { Name: 'r', EventPattern: '{"source":["x"]}', Tags: [{ Key: 'a', Value: '1' }] }, here);
    await run('TagResource', { ResourceARN: RuleArn, Tags: [{ Key: 'b', Value: '2' }] }, here);
    await run('UntagResource', { ResourceARN: RuleArn, TagKeys: ['a'] }, here);
    assert.deepEqual((await run('ListTagsForResource', { ResourceARN: RuleArn }, here)).Tags, [{ Key: 'b', Value: '2' }]);
    await assert.rejects(run('TagResource', { ResourceARN: RuleArn, Tags: [{ Key: 'aws:x', Value: '' }] }, here), { code: 'ValidationException' });
    await assert.rejects(run('ListTagsForResource', { ResourceARN: 'arn:aws:sqs:us-east-1:1:x' }, here), { code: 'ValidationException' });
    await assert.rejects(run('TestEventPattern', { EventPattern: '{"a":[]}', Event: '{}' }, here), { code: 'InvalidEventPatternException' });
  });
});

test('connections and API destinations: CreateConnection, UpdateConnection, DeauthorizeConnection, DeleteConnection, DescribeConnection, ListConnections and the same of API destinations', async () => {
  await withEvents(async ({ run }) => {
    const AuthParameters = { ApiKeyAuthParameters: { ApiKeyName: 'k', ApiKeyValue: 'v' } };
    const { ConnectionArn = '' } = await run('CreateConnection', { Name: 'c', AuthorizationType: 'API_KEY', AuthParameters }, here);
    await assert.rejects(run('CreateConnection', { Name: 'c', AuthorizationType: 'API_KEY', AuthParameters }, here), { code: 'ResourceAlreadyExistsException', message: 'Connection c already exists.' });
    await assert.rejects(run('CreateConnection', { Name: 'd', AuthorizationType: 'BASIC', AuthParameters: {} }, here), { code: 'ValidationException' });
    await run('UpdateConnection', { Name: 'c', Description: 'later' }, here);
    assert.deepEqual((await run('DescribeConnection', { Name: 'c' }, here)).AuthParameters, { ApiKeyAuthParameters: { ApiKeyName: 'k' } });
    const destination = { Name: 'a', ConnectionArn, InvocationEndpoint: 'https://example.com/*', HttpMethod: 'POST' as const };
    await run('CreateApiDestination', destination, here);
    await assert.rejects(run('CreateApiDestination', destination, here), { code: 'ResourceAlreadyExistsException' });
    await assert.rejects(run('CreateApiDestination', { ...destination, Name: 'b', InvocationEndpoint: 'ftp://example.com' }, here), { code: 'ValidationException' });
    await assert.rejects(run('CreateApiDestination', { ...destination, Name: 'b', ConnectionArn: `${ConnectionArn}x` }, here), { code: 'ResourceNotFoundException' });
    await run('UpdateApiDestination', { Name: 'a', InvocationRateLimitPerSecond: 5 }, here);
    assert.equal((await run('DescribeApiDestination', { Name: 'a' }, here)).InvocationRateLimitPerSecond, 5);
    await run('DeauthorizeConnection', { Name: 'c' }, here);
    assert.deepEqual((await run('ListConnections', { ConnectionState: 'DEAUTHORIZED' }, here)).Connections?.map(({ Name }) => Name), ['c']);
    assert.deepEqual((await run('ListApiDestinations', {}, here)).ApiDestinations?.map(({ ApiDestinationState }) => ApiDestinationState), ['INACTIVE']);
    await run('DeleteConnection', { Name: 'c' }, here);
    await run('DeleteApiDestination', { Name: 'a' }, here);
    await assert.rejects(run('DeleteApiDestination', { Name: 'a' }, here), { code: 'ResourceNotFoundException' });
  });
});
