// Schedules, groups and their tags through the JavaScript SDK; product time is moved, nobody waits.
// https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html

import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  GetScheduleGroupCommand,
  ListScheduleGroupsCommand,
  ListSchedulesCommand,
  ListTagsForResourceCommand,
  SchedulerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, type Message } from '@aws-sdk/client-sqs';
import { uniqueName } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const account = '000000000000';
const roleArn = `arn:aws:iam::${account}:role/for-schedules`;
let made: SchedulerClient | undefined;
const scene = useServer({}, async ({ aws }) => {
  const trust = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'scheduler.amazonaws.com' }, Action: 'sts:AssumeRole' }] });
  await aws.iam.send(new CreateRoleCommand({ RoleName: 'for-schedules', AssumeRolePolicyDocument: trust }));
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' } });
  await aws.iam.send(new PutRolePolicyCommand({ RoleName: 'for-schedules', PolicyName: 'send', PolicyDocument }));
});
const scheduler = (): SchedulerClient => (made ??= new SchedulerClient(sdkConfig(scene().server.endpoint)));
after(() => made?.destroy());

const off = { Mode: 'OFF' } as const;
const day = 86_400_000;

async function createQueue(): Promise<{ readonly arn: string; receive(waitSeconds?: number): Promise<Message | undefined> }> {
  const { sqs } = scene().aws;
  const QueueName = uniqueName('queue');
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
  return {
    arn: `arn:aws:sqs:us-east-1:${account}:${QueueName}`,
    async receive(WaitTimeSeconds = 20) {
      const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds, MessageAttributeNames: ['All'] }));
      if (message) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      return message;
    },
  };
}

const create = (Name: string, ScheduleExpression: string, arn: string, more: object = {}, target: object = {}) =>
  scheduler().send(new CreateScheduleCommand({ Name, ScheduleExpression, FlexibleTimeWindow: off, Target: { Arn: arn, RoleArn: roleArn, ...target }, ...more }));

/** The time of day, and the day, that clocks in Seoul show. */
const inSeoul = (text: string): string => new Date(Date.parse(text) + 9 * 3_600_000).toISOString().slice(0, 16);
const until = async (atMs: number): Promise<void> => scene().server.clock.advance(Math.max(0, atMs - scene().server.clock.now()));

suite('schedules', () => {
  test('are made, read, changed, listed and deleted', async () => {
    const { arn } = await createQueue();
    const Name = uniqueName('schedule');
    const ClientToken = uniqueName('token');
    const { ScheduleArn } = await create(Name, 'rate(5 minutes)', arn, { Description: 'first', ClientToken }, { Input: '{"a":1}' });
    assert.equal(ScheduleArn, `arn:aws:scheduler:us-east-1:${account}:schedule/default/${Name}`);
    await create(Name, 'rate(5 minutes)', arn, { ClientToken });
    await expectRefusal(create(Name, 'rate(5 minutes)', arn), { name: 'ConflictException', status: 409, message: `Schedule ${Name} already exists.` });
    const found = await scheduler().send(new GetScheduleCommand({ Name }));
    assert.deepEqual(
      [found.State, found.GroupName, found.ScheduleExpressionTimezone, found.ActionAfterCompletion, found.Description, found.Target, found.FlexibleTimeWindow],
      ['ENABLED', 'default', 'UTC', 'NONE', 'first', { Arn: arn, RoleArn: roleArn, Input: '{"a":1}' }, off],
    );
    await scheduler().send(new UpdateScheduleCommand({ Name, ScheduleExpression: 'rate(1 hour)', State: 'DISABLED', FlexibleTimeWindow: off, Target: { Arn: arn, RoleArn: roleArn } }));
    const changed = await scheduler().send(new GetScheduleCommand({ Name }));
    assert.deepEqual([changed.State, changed.Description, changed.Target?.Input], ['DISABLED', undefined, undefined]);
    assert.deepEqual((await scheduler().send(new ListSchedulesCommand({ NamePrefix: Name }))).Schedules?.map(({ Target }) => Target), [{ Arn: arn }]);
    await scheduler().send(new DeleteScheduleCommand({ Name }));
    await expectRefusal(scheduler().send(new GetScheduleCommand({ Name })), { name: 'ResourceNotFoundException', status: 404, message: `Schedule ${Name} does not exist.` });
  });
  test('refuse what is no schedule', async () => {
    const { arn } = await createQueue();
    for (const expression of ['rate(1 minutes)', 'cron(0 9 * * *)', 'at(2026-02-30T00:00:00)', 'tomorrow']) {
      await expectRefusal(create('bad', expression, arn), { name: 'ValidationException', status: 400, message: `Invalid Schedule Expression ${expression}.` });
    }
    const refused = { name: 'ValidationException', status: 400 } as const;
    await expectRefusal(create('bad', 'rate(1 hour)', arn, { ScheduleExpressionTimezone: 'Mars/Olympus' }), refused);
    await expectRefusal(create('bad', 'rate(1 hour)', arn, { StartDate: new Date(2e12), EndDate: new Date(1e12) }), refused);
    await expectRefusal(create('bad', 'rate(1 hour)', arn, { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }), refused);
    for (const action of ['sqs:receiveMessage', 'sqs:noSuchThing', 'nowhere:sendMessage']) await expectRefusal(create('bad', 'rate(1 hour)', `arn:aws:scheduler:::aws-sdk:${action}`, {}, { Input: '{}' }), refused);
    await expectRefusal(create('bad', 'rate(1 hour)', `arn:aws:ecs:us-east-1:${account}:cluster/x`), refused);
    await expectRefusal(create('bad', 'rate(1 hour)', arn, { KmsKeyArn: `arn:aws:kms:us-east-1:${account}:key/x` }), refused);
    await expectRefusal(create('bad', 'rate(1 hour)', arn, { GroupName: 'none' }), { name: 'ResourceNotFoundException', status: 404, message: 'Schedule group none does not exist.' });
  });
  test('fire once at a moment, and are gone after it if they say so', async () => {
    const queue = await createQueue();
    const Name = uniqueName('once');
    const due = Math.floor(scene().server.clock.now() / 1_000) * 1_000 + 3_600_000;
    const Input = '{"id":"<aws.scheduler.execution-id>","at":"<aws.scheduler.scheduled-time>","arn":"<aws.scheduler.schedule-arn>"}';
    await create(Name, `at(${new Date(due).toISOString().slice(0, 19)})`, queue.arn, { ActionAfterCompletion: 'DELETE' }, { Input });
    await until(due - 1_000);
    assert.equal(await queue.receive(0), undefined);
    await until(due);
    const told = JSON.parse((await queue.receive())?.Body ?? '{}') as Record<string, string>;
    assert.deepEqual([told['at'], told['arn']], [`${new Date(due).toISOString().slice(0, 19)}Z`, `arn:aws:scheduler:us-east-1:${account}:schedule/default/${Name}`]);
    await expectRefusal(scheduler().send(new GetScheduleCommand({ Name })), { name: 'ResourceNotFoundException', status: 404 });
  });
  test('fire at nine in Seoul whatever clocks do elsewhere, and at nine in New York by its own', { timeout: 60_000 }, async () => {
    const [seoul, york] = [await createQueue(), await createQueue()];
    const target = { Input: '<aws.scheduler.scheduled-time>' };
    // Clocks in New York go forward on the second Sunday of March: the schedules begin the Friday before.
    const year = new Date(scene().server.clock.now()).getUTCFullYear() + 1;
    const march = new Date(Date.UTC(year, 2, 1));
    const sunday = Date.UTC(year, 2, 1 + ((7 - march.getUTCDay()) % 7) + 7);
    await until(sunday - 2 * day);
    await create(uniqueName('seoul'), 'cron(0 9 * * ? *)', seoul.arn, { ScheduleExpressionTimezone: 'Asia/Seoul' }, target);
    await create(uniqueName('york'), 'cron(0 9 * * ? *)', york.arn, { ScheduleExpressionTimezone: 'America/New_York' }, target);
    const times: { seoul: string[]; york: string[] } = { seoul: [], york: [] };
    for (let round = 0; round < 4; round += 1) {
      await scene().server.clock.advance(day);
      times.seoul.push(inSeoul((await seoul.receive())?.Body ?? ''));
      times.york.push((await york.receive())?.Body?.slice(11, 16) ?? '');
    }
    assert.deepEqual(times.seoul.map((time) => time.slice(11)), ['09:00', '09:00', '09:00', '09:00']);
    assert.deepEqual(times.seoul.map((time) => Date.parse(`${time}Z`)).map((time, at, all) => time - (all[0] ?? 0) - at * day), [0, 0, 0, 0]);
    assert.deepEqual(times.york, ['14:00', '14:00', '13:00', '13:00']);
  });
  test('call any operation under their role, and no other than it may', { timeout: 60_000 }, async () => {
    const [queue, dead] = [await createQueue(), await createQueue()];
    const due = Math.ceil(scene().server.clock.now() / 60_000) * 60_000;
    const at = `at(${new Date(due).toISOString().slice(0, 19)})`;
    const QueueUrl = `${scene().server.endpoint}/${account}/${queue.arn.split(':').at(-1)}`;
    await create(uniqueName('send'), at, 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage', {}, { Input: JSON.stringify({ QueueUrl, MessageBody: 'universal' }) });
    const DeadLetterConfig = { Arn: dead.arn };
    await create(uniqueName('purge'), at, 'arn:aws:scheduler:::aws-sdk:sqs:purgeQueue', {}, { Input: JSON.stringify({ QueueUrl }), DeadLetterConfig });
    await until(due);
    assert.equal((await queue.receive())?.Body, 'universal');
    const letter = await dead.receive();
    assert.deepEqual([letter?.MessageAttributes?.['ERROR_CODE']?.StringValue, letter?.Body], ['AccessDeniedException', JSON.stringify({ QueueUrl })]);
  });
  test('fire within a window, between their dates, and tell a dead-letter queue what they could not do', { timeout: 60_000 }, async () => {
    const [queue, dead] = [await createQueue(), await createQueue()];
    const now = Math.ceil(scene().server.clock.now() / 60_000) * 60_000;
    const dates = { StartDate: new Date(now + 10 * 60_000), EndDate: new Date(now + 19 * 60_000) };
    const input = { Input: '<aws.scheduler.scheduled-time>' };
    await create(uniqueName('dates'), 'rate(5 minutes)', queue.arn, dates, input);
    await create(uniqueName('gone'), 'rate(1 hour)', `${queue.arn}-gone`, {}, { DeadLetterConfig: { Arn: dead.arn } });
    await until(now + 60 * 60_000);
    const came = [(await queue.receive())?.Body, (await queue.receive())?.Body].sort();
    assert.deepEqual(came.map((time) => Date.parse(time ?? '') - now), [10 * 60_000, 15 * 60_000]);
    assert.equal(await queue.receive(0), undefined);
    const due = now + 2 * 60 * 60_000;
    await create(uniqueName('window'), `at(${new Date(due).toISOString().slice(0, 19)})`, queue.arn, { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 } }, input);
    await until(due + 15 * 60_000);
    assert.equal(Date.parse((await queue.receive())?.Body ?? ''), due);
    const letter = await dead.receive();
    assert.deepEqual([letter?.MessageAttributes?.['TARGET_ARN']?.StringValue, letter?.MessageAttributes?.['RETRY_ATTEMPTS']?.StringValue], [`${queue.arn}-gone`, '0']);
  });
});

suite('schedule groups', () => {
  test('hold schedules, have tags, and take their schedules with them', async () => {
    const { arn } = await createQueue();
    const Name = uniqueName('group');
    const { ScheduleGroupArn = '' } = await scheduler().send(new CreateScheduleGroupCommand({ Name, Tags: [{ Key: 'a', Value: '1' }] }));
    await expectRefusal(scheduler().send(new CreateScheduleGroupCommand({ Name })), { name: 'ConflictException', status: 409, message: `Schedule group ${Name} already exists.` });
    await scheduler().send(new TagResourceCommand({ ResourceArn: ScheduleGroupArn, Tags: [{ Key: 'b', Value: '2' }] }));
    await scheduler().send(new UntagResourceCommand({ ResourceArn: ScheduleGroupArn, TagKeys: ['a'] }));
    assert.deepEqual((await scheduler().send(new ListTagsForResourceCommand({ ResourceArn: ScheduleGroupArn }))).Tags, [{ Key: 'b', Value: '2' }]);
    assert.equal((await scheduler().send(new GetScheduleGroupCommand({ Name }))).State, 'ACTIVE');
    for (const at of [1, 2, 3]) await create(`${Name}-${at}`, 'rate(1 day)', arn, { GroupName: Name });
    const first = await scheduler().send(new ListSchedulesCommand({ GroupName: Name, MaxResults: 2 }));
    const second = await scheduler().send(new ListSchedulesCommand({ GroupName: Name, MaxResults: 2, NextToken: first.NextToken }));
    assert.deepEqual([...(first.Schedules ?? []), ...(second.Schedules ?? [])].map((one) => one.Name), [1, 2, 3].map((at) => `${Name}-${at}`));
    await scheduler().send(new DeleteScheduleGroupCommand({ Name }));
    const groups = async (): Promise<number> => (await scheduler().send(new ListScheduleGroupsCommand({ NamePrefix: Name }))).ScheduleGroups?.length ?? 0;
    while ((await groups()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await expectRefusal(scheduler().send(new GetScheduleCommand({ Name: `${Name}-1`, GroupName: Name })), { name: 'ResourceNotFoundException', status: 404 });
    await expectRefusal(scheduler().send(new DeleteScheduleGroupCommand({ Name: 'default' })), { name: 'ValidationException', status: 400 });
  });
});
