// Pipes through the JavaScript SDK. https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_Operations.html

import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, suite, test } from 'node:test';
import { CreateLogGroupCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateApiDestinationCommand, CreateConnectionCommand, CreateEventBusCommand, EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreatePipeCommand,
  type CreatePipeCommandInput,
  DeletePipeCommand,
  DescribePipeCommand,
  type DescribePipeCommandOutput,
  ListPipesCommand,
  ListTagsForResourceCommand,
  PipesClient,
  StartPipeCommand,
  StopPipeCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdatePipeCommand,
} from '@aws-sdk/client-pipes';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageCommand, type Message, ReceiveMessageCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { createExecutionRole, createFunction, uniqueName } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const account = '000000000000';
const arnOf = (service: string, resource: string): string => `arn:aws:${service}:us-east-1:${account}:${resource}`;
const roleArn = `arn:aws:iam::${account}:role/for-pipes`;
const trust = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'pipes.amazonaws.com' }, Action: 'sts:AssumeRole' }] });

async function createRole(RoleName: string, actions: readonly string[]): Promise<string> {
  const { iam } = scene().aws;
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: actions, Resource: '*' } }) }));
  return `arn:aws:iam::${account}:role/${RoleName}`;
}

const scene = useServer();
let ready: Promise<string> | undefined;
const useRole = (): Promise<string> => (ready ??= createRole('for-pipes', ['sqs:*', 'sns:Publish', 'events:*', 'lambda:InvokeFunction', 'logs:*']));
const made: { destroy(): void }[] = [];
after(() => {
  for (const one of made) one.destroy();
});
let client: PipesClient | undefined;
function pipes(): PipesClient {
  client ??= new PipesClient(sdkConfig(scene().server.endpoint));
  made.push(client);
  return client;
}

interface TestQueue {
  readonly arn: string;
  readonly url: string;
  send(body: unknown, more?: object): Promise<string>;
  receive(waitSeconds?: number): Promise<Message | undefined>;
}

async function createQueue(attributes: Record<string, string> = {}): Promise<TestQueue> {
  const { sqs } = scene().aws;
  const QueueName = `${uniqueName('queue')}${attributes['FifoQueue'] ? '.fifo' : ''}`;
  const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: attributes }));
  return {
    arn: arnOf('sqs', QueueName),
    url,
    send: async (body, more = {}) => (await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: typeof body === 'string' ? body : JSON.stringify(body), ...more }))).MessageId ?? '',
    async receive(WaitTimeSeconds = 20) {
      const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds, MessageSystemAttributeNames: ['All'] }));
      if (message) await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));
      return message;
    },
  };
}

async function untilState(Name: string, state: string): Promise<DescribePipeCommandOutput> {
  for (;;) {
    const found = await pipes().send(new DescribePipeCommand({ Name }));
    if (found.CurrentState === state) return found;
    assert.ok(!found.CurrentState?.endsWith('FAILED'), `${found.CurrentState}: ${found.StateReason}`);
  }
}

async function create(source: string, target: string, more: Partial<CreatePipeCommandInput> = {}): Promise<string> {
  await useRole();
  const Name = uniqueName('pipe');
  await pipes().send(new CreatePipeCommand({ Name, Source: source, Target: target, RoleArn: roleArn, ...more }));
  await untilState(Name, more.DesiredState === 'STOPPED' ? 'STOPPED' : 'RUNNING');
  return Name;
}

const jsonBody = (message: Message | undefined): Record<string, unknown> => JSON.parse(message?.Body ?? 'null') as Record<string, unknown>;

suite('pipes', () => {
  test('are made, described, changed, stopped, started, listed, tagged and deleted', { timeout: 60_000 }, async () => {
    const [source, target] = [await createQueue(), await createQueue()];
    const FilterCriteria = { Filters: [{ Pattern: '{"body":{"kind":["keep"]}}' }] };
    const Name = await create(source.arn, target.arn, { Description: 'first', DesiredState: 'STOPPED', SourceParameters: { SqsQueueParameters: { BatchSize: 2 }, FilterCriteria }, Tags: { a: '1' } });
    const Arn = arnOf('pipes', `pipe/${Name}`);
    await expectRefusal(pipes().send(new CreatePipeCommand({ Name, Source: source.arn, Target: target.arn, RoleArn: roleArn })), { name: 'ConflictException', status: 409, message: `Pipe ${Name} already exists.` });
    await source.send({ kind: 'drop' });
    await source.send({ kind: 'keep' });
    assert.equal((await pipes().send(new StartPipeCommand({ Name }))).DesiredState, 'RUNNING');
    assert.deepEqual((jsonBody(await target.receive()) as { body: string }).body, '{"kind":"keep"}');
    const found = await untilState(Name, 'RUNNING');
    assert.deepEqual([found.Arn, found.Description, found.SourceParameters, found.RoleArn], [Arn, 'first', { SqsQueueParameters: { BatchSize: 2 }, FilterCriteria }, roleArn]);
    // Parameters of one kind are replaced as a whole, others stay.
    await pipes().send(new UpdatePipeCommand({ Name, RoleArn: roleArn, Description: 'second', SourceParameters: { SqsQueueParameters: { MaximumBatchingWindowInSeconds: 0 } }, TargetParameters: { InputTemplate: '<$.body.kind>' } }));
    const changed = await untilState(Name, 'RUNNING');
    assert.deepEqual([changed.Description, changed.SourceParameters], ['second', { SqsQueueParameters: { MaximumBatchingWindowInSeconds: 0 }, FilterCriteria }]);
    await source.send({ kind: 'keep' });
    assert.equal((await target.receive())?.Body, 'keep');
    await pipes().send(new StopPipeCommand({ Name }));
    await untilState(Name, 'STOPPED');
    assert.deepEqual((await pipes().send(new ListPipesCommand({ NamePrefix: Name, CurrentState: 'STOPPED' }))).Pipes?.map((pipe) => [pipe.Arn, pipe.Source, pipe.Target]), [[Arn, source.arn, target.arn]]);
    await pipes().send(new TagResourceCommand({ resourceArn: Arn, tags: { b: '2' } }));
    await pipes().send(new UntagResourceCommand({ resourceArn: Arn, tagKeys: ['a'] }));
    assert.deepEqual((await pipes().send(new ListTagsForResourceCommand({ resourceArn: Arn }))).tags, { b: '2' });
    assert.equal((await pipes().send(new DeletePipeCommand({ Name }))).CurrentState, 'DELETING');
    for (;;) if ((await pipes().send(new ListPipesCommand({ NamePrefix: Name }))).Pipes?.length === 0) break;
    await expectRefusal(pipes().send(new DescribePipeCommand({ Name })), { name: 'NotFoundException', status: 404, message: `Pipe ${Name} does not exist.` });
  });
  test('refuse what does not fit, and fail where they may not read', { timeout: 60_000 }, async () => {
    await useRole();
    const [source, target] = [await createQueue(), await createQueue()];
    const refused = { name: 'ValidationException', status: 400 } as const;
    const attempt = (more: Partial<CreatePipeCommandInput>) => pipes().send(new CreatePipeCommand({ Name: 'bad', Source: source.arn, Target: target.arn, RoleArn: roleArn, ...more }));
    const wrong: Partial<CreatePipeCommandInput>[] = [
      { Source: arnOf('kinesis', 'stream/s') },
      { Source: arnOf('mq', 'broker:b:1') },
      { Target: arnOf('ecs', 'cluster/c') },
      { Target: arnOf('events', 'delivery/default/r/t') },
      { Target: arnOf('secretsmanager', 'secret:x') },
      { Target: `${target.arn}.fifo` },
      { Target: arnOf('sns', 'topic.fifo') },
      { Enrichment: arnOf('states', 'stateMachine:m') },
      { SourceParameters: { SqsQueueParameters: { BatchSize: 11 } } },
      { SourceParameters: { SqsQueueParameters: { BatchSize: 100, MaximumBatchingWindowInSeconds: 1 } } },
      { SourceParameters: { FilterCriteria: { Filters: [{ Pattern: '{"body":"text"}' }] } } },
      { SourceParameters: { KinesisStreamParameters: { StartingPosition: 'LATEST' } } },
      { TargetParameters: { LambdaFunctionParameters: { InvocationType: 'REQUEST_RESPONSE' } } },
      { TargetParameters: { InputTemplate: '{"a": <$.body}' } },
      { TargetParameters: { InputTemplate: '<aws.pipes.nothing>' } },
      { KmsKeyIdentifier: 'alias/mine' },
      { LogConfiguration: { Level: 'INFO', S3LogDestination: { BucketName: 'logs', BucketOwner: account } } },
      { LogConfiguration: { Level: 'INFO', CloudwatchLogsLogDestination: { LogGroupArn: arnOf('logs', 'log-group:none') } } },
    ];
    for (const more of wrong) await expectRefusal(attempt(more), refused);
    const blind = await createRole(uniqueName('blind'), ['sqs:SendMessage']);
    for (const [more, reason] of [[{ RoleArn: blind }, /ReceiveMessage/], [{ Source: arnOf('sqs', 'no-such-queue') }, /does not exist/]] as const) {
      const Name = uniqueName('pipe');
      await pipes().send(new CreatePipeCommand({ Name, Source: source.arn, Target: target.arn, RoleArn: roleArn, ...more }));
      for (;;) {
        const { CurrentState, StateReason = '' } = await pipes().send(new DescribePipeCommand({ Name }));
        if (CurrentState === 'CREATING') continue;
        assert.equal(CurrentState, 'CREATE_FAILED');
        assert.match(StateReason, reason);
        break;
      }
    }
  });
  test('fill templates, keep the order of groups, and reach buses, topics and log groups', { timeout: 60_000 }, async () => {
    const { aws, server } = scene();
    const template = '{"kind":<$.body.kind>,"all":<$.body.items[*]>,"text":"<$.body.kind>: <$.body.items[1]>","none":<$.body.none>,"pipe":"<aws.pipes.pipe-name>","event":<aws.pipes.event.json>}';
    const [source, target] = [await createQueue({ FifoQueue: 'true', ContentBasedDeduplication: 'true' }), await createQueue({ FifoQueue: 'true' })];
    const SqsQueueParameters = { MessageGroupId: '$.attributes.MessageGroupId', MessageDeduplicationId: '$.messageId' };
    const Name = await create(source.arn, target.arn, { TargetParameters: { InputTemplate: template, SqsQueueParameters } });
    for (const item of [1, 2, 3]) await source.send({ kind: 'a', items: [item, '"x"'] }, { MessageGroupId: 'g' });
    for (const item of [1, 2, 3]) {
      const message = await target.receive();
      const { event, ...rest } = jsonBody(message);
      assert.deepEqual(rest, { kind: 'a', all: [item, '"x"'], text: 'a: "x"', none: '', pipe: Name });
      assert.deepEqual((event as { body: object }).body, { kind: 'a', items: [item, '"x"'] });
      assert.equal(message?.Attributes?.['MessageGroupId'], 'g');
    }

    const events = new EventBridgeClient(sdkConfig(server.endpoint));
    made.push(events);
    const bus = uniqueName('bus');
    await events.send(new CreateEventBusCommand({ Name: bus }));
    const heard = await createQueue();
    await aws.sqs.send(new SetQueueAttributesCommand({ QueueUrl: heard.url, Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: ['events.amazonaws.com', 'sns.amazonaws.com'] }, Action: 'sqs:SendMessage', Resource: heard.arn }] }) } }));
    await events.send(new PutRuleCommand({ Name: 'all', EventBusName: bus, EventPattern: '{"source":[{"prefix":""}]}' }));
    await events.send(new PutTargetsCommand({ Rule: 'all', EventBusName: bus, Targets: [{ Id: 'queue', Arn: heard.arn }] }));
    const orders = await createQueue();
    await create(orders.arn, arnOf('events', `event-bus/${bus}`), {
      TargetParameters: { InputTemplate: '{"order":<$.body.id>}', EventBridgeEventBusParameters: { Source: 'shop', DetailType: '$.body.type', Resources: ['$.eventSourceARN'] } },
    });
    await orders.send({ id: 7, type: 'Order Placed' });
    const { source: from, 'detail-type': type, detail, resources } = jsonBody(await heard.receive());
    assert.deepEqual([from, type, detail, resources], ['shop', 'Order Placed', { order: 7 }, [orders.arn]]);

    const { TopicArn = '' } = await aws.sns.send(new CreateTopicCommand({ Name: uniqueName('topic') }));
    await aws.sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: heard.arn, Attributes: { RawMessageDelivery: 'true' } }));
    const news = await createQueue();
    await create(news.arn, TopicArn, { TargetParameters: { InputTemplate: '<$.body>' } });
    await news.send('plain text');
    assert.equal((await heard.receive())?.Body, 'plain text');

    const logGroupName = uniqueName('/pipes/log');
    await aws.logs.send(new CreateLogGroupCommand({ logGroupName }));
    const lines = await createQueue();
    const LogConfiguration = { Level: 'INFO' as const, IncludeExecutionData: ['ALL' as const], CloudwatchLogsLogDestination: { LogGroupArn: arnOf('logs', `log-group:${logGroupName}`) } };
    await create(lines.arn, arnOf('logs', `log-group:${logGroupName}`), { TargetParameters: { InputTemplate: '<$.body.line>', CloudWatchLogsParameters: { LogStreamName: 'lines', Timestamp: '$.body.at' } }, LogConfiguration });
    const at = Math.floor(server.clock.now()) - 5_000;
    await lines.send({ line: 'hello', at });
    for (;;) {
      const { events: found = [] } = await aws.logs.send(new FilterLogEventsCommand({ logGroupName }));
      const steps = found.filter(({ logStreamName }) => logStreamName?.startsWith('aws/pipes/')).map(({ message = '' }) => (JSON.parse(message) as { messageType: string }).messageType);
      if (!steps.includes('ExecutionSucceeded')) continue;
      assert.deepEqual(steps, ['ExecutionStarted', 'TargetStageEntered', 'TargetStageSucceeded', 'ExecutionSucceeded']);
      assert.deepEqual(found.filter(({ logStreamName }) => logStreamName === 'lines').map(({ message, timestamp }) => [message, timestamp]), [['hello', at]]);
      break;
    }
  });
  test('ask functions to enrich, call them with batches, and try again what they have not finished', { timeout: 120_000 }, async () => {
    const { aws } = scene();
    const Role = await createExecutionRole(aws);
    const enrichment = await createFunction(aws.lambda, { Role, files: { 'index.js': 'exports.handler = async (events) => events.filter(({ n }) => n > 0).map(({ n }) => ({ n, twice: 2 * n }));' } });
    const [source, target] = [await createQueue(), await createQueue()];
    await create(source.arn, target.arn, { Enrichment: arnOf('lambda', `function:${enrichment}`), EnrichmentParameters: { InputTemplate: '{"n":<$.body.n>}' }, TargetParameters: { InputTemplate: '<$.twice>' } });
    await source.send({ n: 0 });
    await source.send({ n: 21 });
    assert.equal((await target.receive())?.Body, '42');

    // A function names what it has not finished; the rest is not given to it again.
    const worker = await createFunction(aws.lambda, {
      Role,
      files: { 'index.js': 'exports.handler = async (events) => { console.log("seen", events.map((e) => e.body).join()); return { batchItemFailures: events.filter((e) => e.body === "bad").map((e) => ({ itemIdentifier: e.messageId })) }; };' },
    });
    const dead = await createQueue();
    const work = await createQueue({ VisibilityTimeout: '30', RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 }) });
    await create(work.arn, arnOf('lambda', `function:${worker}`), { SourceParameters: { SqsQueueParameters: { BatchSize: 2, MaximumBatchingWindowInSeconds: 60 } } });
    await work.send('bad');
    await work.send('good');
    const logGroupName = `/aws/lambda/${worker}`;
    for (;;) {
      const { events = [] } = await aws.logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern: 'seen' })).catch(() => ({ events: [] }));
      if (events.length > 0) break;
    }
    await scene().server.clock.advance(31_000);
    assert.equal((await dead.receive())?.Body, 'bad');
    assert.equal(await dead.receive(0), undefined);

    // Not waited for: the function's own queue has the event, in the role's name.
    const told = await createQueue();
    const notes = await createFunction(aws.lambda, { Role, files: { 'index.js': 'exports.handler = async (events) => console.log("told", JSON.stringify(events.map((e) => e.body)));' } });
    await create(told.arn, arnOf('lambda', `function:${notes}`), { TargetParameters: { LambdaFunctionParameters: { InvocationType: 'FIRE_AND_FORGET' } } });
    await told.send('x');
    for (;;) {
      const { events = [] } = await aws.logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${notes}`, filterPattern: 'told' })).catch(() => ({ events: [] }));
      if (events.some(({ message }) => message?.includes('["x"]'))) break;
    }
  });
  test('call API destinations, and leave to the dead-letter queue what a role may not do', { timeout: 60_000 }, async () => {
    const { server } = scene();
    await useRole();
    const seen: { readonly url: string | undefined; readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
    const endpoint = createServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        seen.push({ url: request.url, headers: request.headers, body });
        response.end(JSON.stringify({ answer: body.length }));
      });
    });
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
    try {
      const events = new EventBridgeClient(sdkConfig(server.endpoint));
      made.push(events);
      const AuthParameters = { ApiKeyAuthParameters: { ApiKeyName: 'x-key', ApiKeyValue: 'secret' } };
      const { ConnectionArn } = await events.send(new CreateConnectionCommand({ Name: uniqueName('connection'), AuthorizationType: 'API_KEY', AuthParameters }));
      const InvocationEndpoint = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/things/*`;
      const { ApiDestinationArn = '' } = await events.send(new CreateApiDestinationCommand({ Name: uniqueName('api'), ConnectionArn, InvocationEndpoint, HttpMethod: 'POST' }));
      const [source, target] = [await createQueue(), await createQueue()];
      await expectRefusal(create(source.arn, ApiDestinationArn, { SourceParameters: { SqsQueueParameters: { BatchSize: 2 } } }), { name: 'ValidationException', status: 400 });
      await create(source.arn, target.arn, {
        Enrichment: ApiDestinationArn,
        EnrichmentParameters: { InputTemplate: '<$.body>', HttpParameters: { PathParameterValues: ['$.body.id'], HeaderParameters: { 'x-kind': '$.body.kind' }, QueryStringParameters: { q: 'fixed' } } },
      });
      await source.send({ id: 'a b', kind: 'k' });
      assert.deepEqual(jsonBody(await target.receive()), { answer: 23 });
      assert.deepEqual([seen[0]?.url, seen[0]?.headers['x-kind'], seen[0]?.headers['x-key'], seen[0]?.body], ['/things/a%20b?q=fixed', 'k', 'secret', '{"id":"a b","kind":"k"}']);

      const dead = await createQueue();
      const poor = await createQueue({ VisibilityTimeout: '30', RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 }) });
      const reader = await createRole(uniqueName('reader'), ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']);
      await create(poor.arn, target.arn, { RoleArn: reader });
      const logGroupName = uniqueName('/pipes/poor');
      await scene().aws.logs.send(new CreateLogGroupCommand({ logGroupName }));
      const logged = await createQueue({ VisibilityTimeout: '30', RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 }) });
      await create(logged.arn, ApiDestinationArn, { RoleArn: reader, LogConfiguration: { Level: 'ERROR', CloudwatchLogsLogDestination: { LogGroupArn: arnOf('logs', `log-group:${logGroupName}`) } } });
      await poor.send('one');
      await logged.send('two');
      for (;;) {
        const { events: found = [] } = await scene().aws.logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern: 'NO_PERMISSIONS' }));
        if (found.length >= 2) break;
      }
      await server.clock.advance(31_000);
      assert.deepEqual([(await dead.receive())?.Body, (await dead.receive())?.Body].sort(), ['one', 'two']);
      assert.equal(await target.receive(0), undefined);
      assert.equal(seen.length, 1);
    } finally {
      endpoint.close();
    }
  });
});
