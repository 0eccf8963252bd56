// Event source mappings of SQS queues. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { AttachRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, DisableKeyCommand } from '@aws-sdk/client-kms';
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda';
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { createExecutionRole, createFunction, uniqueName, type FunctionSettings } from '../../support/functions.ts';
import { sdkClients, sdkConfig, type SdkClients } from '../../support/sdkClients.ts';
import { startServerProcess, type ServerProcess } from '../../support/serverProcess.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const queueRolePolicyArn = 'arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole';

interface Queue {
  readonly url: string;
  readonly arn: string;
}

async function createQueue(attributes: Record<string, string> = {}, suffix = ''): Promise<Queue> {
  const { sqs } = scene().aws;
  const name = `${uniqueName('queue')}${suffix}`;
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  return { url: QueueUrl, arn: `arn:aws:sqs:us-east-1:000000000000:${name}` };
}

/** A function that prints each event, in a role that may read queues. */
async function createReader(source = 'exports.handler = async (event) => { console.log("got", JSON.stringify(event)); };', more: Partial<FunctionSettings> = {}): Promise<string> {
  const { aws } = scene();
  const Role = await createExecutionRole(aws);
  await aws.iam.send(new AttachRolePolicyCommand({ RoleName: Role.split('/').at(-1), PolicyArn: queueRolePolicyArn }));
  return createFunction(aws.lambda, { Role, files: { 'index.js': source }, ...more });
}

const map = (FunctionName: string, { arn }: Queue, more: Partial<CreateEventSourceMappingCommandInput> = {}) =>
  scene().aws.lambda.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: arn, ...more }));

const stateOf = async (UUID: string | undefined): Promise<string | undefined> => (await scene().aws.lambda.send(new GetEventSourceMappingCommand({ UUID }))).State;

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('it did not happen');
}

const untilState = (UUID: string | undefined, state: string): Promise<true> => until(async () => ((await stateOf(UUID)) === state ? true : undefined));

interface EventRecord {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

/** The records of all events that a function has printed, once there are so many. */
const recordsOf = (name: string, wanted: number): Promise<EventRecord[]> =>
  until(async () => {
    const { events = [] } = await scene().aws.logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` })).catch(() => ({ events: [] }));
    const records = events.flatMap(({ message = '' }) => {
      const text = /\tgot (\{.*\})/s.exec(message)?.[1];
      return text === undefined ? [] : (JSON.parse(text) as { Records: EventRecord[] }).Records;
    });
    return records.length >= wanted ? records : undefined;
  });

/** Neither waiting nor in flight. */
const untilEmpty = ({ url }: Queue): Promise<true> =>
  until(async () => {
    const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes = {} } = await scene().aws.sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...AttributeNames] }));
    return AttributeNames.every((name) => Attributes[name] === '0') ? true : undefined;
  });

suite('CreateEventSourceMapping', () => {
  test('a function gets the messages of a queue as AWS writes them, and they are gone then', async () => {
    const { sqs } = scene().aws;
    const name = await createReader();
    const queue = await createQueue();
    const mapping = await map(name, queue);
    assert.equal(mapping.$metadata.httpStatusCode, 202);
    assert.deepEqual([mapping.State, mapping.BatchSize, mapping.MaximumBatchingWindowInSeconds, mapping.StateTransitionReason], ['Creating', 10, 0, 'USER_INITIATED']);
    assert.equal(mapping.EventSourceMappingArn, `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${mapping.UUID}`);
    await untilState(mapping.UUID, 'Enabled');
    const sent = await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: '{"n":1}', MessageAttributes: { colour: { DataType: 'String', StringValue: 'blue' } } }));
    const [record] = await recordsOf(name, 1);
    assert.ok(record);
    const { receiptHandle, attributes, ...rest } = record;
    assert.equal(typeof receiptHandle, 'string');
    assert.equal(attributes['ApproximateReceiveCount'], '1');
    assert.deepEqual(Object.keys(attributes).sort(), ['ApproximateFirstReceiveTimestamp', 'ApproximateReceiveCount', 'SenderId', 'SentTimestamp']);
    assert.deepEqual(rest, {
      messageId: sent.MessageId,
      body: '{"n":1}',
      messageAttributes: { colour: { stringValue: 'blue', stringListValues: [], binaryListValues: [], dataType: 'String' } },
      md5OfMessageAttributes: sent.MD5OfMessageAttributes,
      md5OfBody: sent.MD5OfMessageBody,
      ...{ eventSource: 'aws:sqs', eventSourceARN: queue.arn, awsRegion: 'us-east-1' },
    });
    await untilEmpty(queue);
  });
  test('refusals: no permission, no queue, too short a visibility timeout, settings of streams, a second mapping', async () => {
    const { aws, roleArn } = scene();
    const queue = await createQueue();
    const bare = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': 'exports.handler = async () => 1;' } });
    const refusal = { name: 'InvalidParameterValueException', status: 400 };
    await expectRefusal(map(bare, queue), { ...refusal, message: 'The provided execution role does not have permissions to call ReceiveMessage on SQS' });
    const name = await createReader(undefined, { Timeout: 60 });
    await expectRefusal(map(name, { ...queue, arn: `${queue.arn}-not` }), { ...refusal, message: /AWS\.SimpleQueueService\.NonExistentQueue/ });
    await expectRefusal(map(name, queue), { ...refusal, message: 'Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds' });
    const patient = await createQueue({ VisibilityTimeout: '60' });
    await expectRefusal(map(name, patient, { BatchSize: 11 }), { ...refusal, message: 'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10' });
    await expectRefusal(map(name, patient, { StartingPosition: 'LATEST' }), { ...refusal, message: /StartingPosition/ });
    await expectRefusal(map(name, patient, { FilterCriteria: { Filters: [{ Pattern: '{"body":"x"}' }] } }), { ...refusal, message: 'Invalid filter pattern definition.' });
    const fifo = await createQueue({ FifoQueue: 'true', VisibilityTimeout: '60' }, '.fifo');
    await expectRefusal(map(name, fifo, { MaximumBatchingWindowInSeconds: 1 }), { ...refusal, message: 'Batching window is not supported for FIFO queues' });
    await expectRefusal(map('absent', patient), { name: 'ResourceNotFoundException', status: 404, message: /^Function not found: / });
    const { UUID } = await map(name, patient, { Enabled: false });
    await expectRefusal(map(name, patient), { name: 'ResourceConflictException', status: 409, message: `An event source mapping with SQS arn (" ${patient.arn} ") and function (" ${name} ") already exists. Please update or delete the existing mapping with UUID ${UUID}` });
  });
  test('FilterCriteria: what does not match is deleted and never seen', async () => {
    const { sqs } = scene().aws;
    const name = await createReader();
    const queue = await createQueue();
    await map(name, queue, { FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["order"],"total":[{"numeric":[">",10]}]}}' }] } });
    const bodies = ['{"kind":"order","total":5}', 'no JSON', '{"kind":"order","total":11}', '{"kind":"visit"}'];
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries: bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody })) }));
    await untilEmpty(queue);
    assert.deepEqual((await recordsOf(name, 1)).map(({ body }) => body), ['{"kind":"order","total":11}']);
  });
  test('FIFO queues: the order of each group is kept', async () => {
    const { sqs } = scene().aws;
    const name = await createReader();
    const queue = await createQueue({ FifoQueue: 'true', ContentBasedDeduplication: 'true' }, '.fifo');
    await map(name, queue, { BatchSize: 2 });
    for (let n = 0; n < 6; n += 1) await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: `${n}`, MessageGroupId: n % 2 === 0 ? 'even' : 'odd' }));
    const records = await recordsOf(name, 6);
    const ofGroup = (group: string): string[] => records.filter(({ attributes }) => attributes['MessageGroupId'] === group).map(({ body }) => body);
    assert.deepEqual([ofGroup('even'), ofGroup('odd')], [['0', '2', '4'], ['1', '3', '5']]);
  });
  test('ReportBatchItemFailures: only what the function names comes again', async () => {
    const { sqs } = scene().aws;
    const source = `exports.handler = async (event) => {
      console.log("got", JSON.stringify(event));
      return { batchItemFailures: event.Records.filter((r) => r.body === "bad" && r.attributes.ApproximateReceiveCount === "1").map((r) => ({ itemIdentifier: r.messageId })) };
    };`;
    // Long enough for a busy machine: a batch that is not done in time comes again whole.
    const name = await createReader(source, { Timeout: 5 });
    const queue = await createQueue({ VisibilityTimeout: '5' });
    await map(name, queue, { FunctionResponseTypes: ['ReportBatchItemFailures'] });
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries: ['good', 'bad'].map((MessageBody) => ({ Id: MessageBody, MessageBody })) }));
    await untilEmpty(queue);
    assert.deepEqual((await recordsOf(name, 3)).map(({ body }) => body).sort(), ['bad', 'bad', 'good']);
  });
});

suite('UpdateEventSourceMapping, ListEventSourceMappings, DeleteEventSourceMapping', () => {
  test('a disabled mapping leaves the messages alone until it is enabled again', async () => {
    const { lambda, sqs } = scene().aws;
    const name = await createReader();
    const queue = await createQueue();
    const { UUID } = await map(name, queue);
    await untilState(UUID, 'Enabled');
    const disabled = await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
    assert.equal(disabled.State, 'Disabling');
    await untilState(UUID, 'Disabled');
    await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: 'kept' }));
    const changed = await lambda.send(new UpdateEventSourceMappingCommand({ UUID, BatchSize: 5, ScalingConfig: { MaximumConcurrency: 2 } }));
    assert.deepEqual([changed.BatchSize, changed.ScalingConfig], [5, { MaximumConcurrency: 2 }]);
    await untilState(UUID, 'Disabled');
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ['ApproximateNumberOfMessages'] }));
    assert.equal(Attributes?.['ApproximateNumberOfMessages'], '1');
    assert.equal((await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }))).State, 'Enabling');
    assert.deepEqual((await recordsOf(name, 1)).map(({ body }) => body), ['kept']);
  });
  test('mappings are listed by function and by source, and gone when they are deleted', async () => {
    const { lambda } = scene().aws;
    const name = await createReader();
    const [one, two] = [await createQueue(), await createQueue()];
    const first = await map(name, one);
    const second = await map(name, two);
    const list = async (input: object): Promise<string[]> => ((await lambda.send(new ListEventSourceMappingsCommand(input))).EventSourceMappings ?? []).map(({ UUID = '' }) => UUID).sort();
    assert.deepEqual(await list({ FunctionName: name }), [first.UUID, second.UUID].sort());
    assert.deepEqual(await list({ EventSourceArn: two.arn }), [second.UUID]);
    const deleted = await lambda.send(new DeleteEventSourceMappingCommand({ UUID: first.UUID }));
    assert.deepEqual([deleted.State, deleted.$metadata.httpStatusCode], ['Deleting', 202]);
    await until(async () => ((await list({ FunctionName: name })).length === 1 ? true : undefined));
    const gone = { name: 'ResourceNotFoundException', status: 404, message: 'The resource you requested does not exist.' };
    await expectRefusal(lambda.send(new GetEventSourceMappingCommand({ UUID: first.UUID })), gone);
    await expectRefusal(lambda.send(new DeleteEventSourceMappingCommand({ UUID: first.UUID })), gone);
  });
});

test('a mapping keeps its filters under a KMS key, and counts its events where it is asked to', async () => {
  const { lambda, kms, sqs } = scene().aws;
  const cloudwatch = new CloudWatchClient(sdkConfig(scene().server.endpoint));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const queue = await createQueue({ VisibilityTimeout: '30' });
  const FilterCriteria = { Filters: [{ Pattern: '{"body":{"kind":["wanted"]}}' }] };
  const KMSKeyArn = KeyMetadata?.Arn;
  const { UUID } = await map(await createReader(), queue, { FilterCriteria, KMSKeyArn, MetricsConfig: { Metrics: ['EventCount'] }, ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 4 } });
  for (const kind of ['wanted', 'other']) await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: JSON.stringify({ kind }) }));
  const names = await until(async () => {
    const { Metrics = [] } = await cloudwatch.send(new ListMetricsCommand({ Namespace: 'AWS/Lambda', Dimensions: [{ Name: 'EventSourceMappingUUID', Value: UUID }] }));
    return Metrics.length >= 4 ? Metrics.map(({ MetricName }) => MetricName).toSorted() : undefined;
  });
  cloudwatch.destroy();
  assert.deepEqual(names, ['DeletedEventCount', 'FilteredOutEventCount', 'InvokedEventCount', 'PolledEventCount']);
  const shown = await lambda.send(new GetEventSourceMappingCommand({ UUID }));
  assert.deepEqual([shown.FilterCriteria, shown.KMSKeyArn, shown.ProvisionedPollerConfig], [FilterCriteria, KMSKeyArn, { MinimumPollers: 2, MaximumPollers: 4 }]);
  await kms.send(new DisableKeyCommand({ KeyId: KMSKeyArn }));
  const hidden = await lambda.send(new GetEventSourceMappingCommand({ UUID }));
  assert.deepEqual([hidden.FilterCriteria, hidden.FilterCriteriaError?.ErrorCode], [undefined, 'DisabledException']);
});

test('a server that is killed while messages are served goes on with them when it is back', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'haneul-mappings-'));
  let server: ServerProcess | undefined;
  let aws: SdkClients | undefined;
  try {
    server = await startServerProcess({ dataFolder });
    aws = sdkClients(server.endpoint);
    const Role = await createExecutionRole(aws);
    await aws.iam.send(new AttachRolePolicyCommand({ RoleName: Role.split('/').at(-1), PolicyArn: queueRolePolicyArn }));
    const source = 'exports.handler = async (event) => { await new Promise((done) => setTimeout(done, 800)); console.log("done", event.Records[0].body); };';
    const FunctionName = await createFunction(aws.lambda, { Role, files: { 'index.js': source }, Timeout: 2 });
    const QueueName = uniqueName('queue');
    const { QueueUrl } = await aws.sqs.send(new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: '2' } }));
    await aws.lambda.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: `arn:aws:sqs:us-east-1:000000000000:${QueueName}`, BatchSize: 1 }));
    for (const MessageBody of ['a', 'b', 'c']) await aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    const inFlight = async (): Promise<true | undefined> => {
      const { Attributes } = (await aws?.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessagesNotVisible'] }))) ?? {};
      return Attributes?.['ApproximateNumberOfMessagesNotVisible'] === '0' ? undefined : true;
    };
    await until(inFlight);
    await server.kill();
    aws.destroy();
    server = await startServerProcess({ dataFolder });
    aws = sdkClients(server.endpoint);
    const { logs } = aws;
    const done = await until(async () => {
      const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${FunctionName}` })).catch(() => ({ events: [] }));
      const bodies = new Set(events.flatMap(({ message = '' }) => /\tdone (\w)/.exec(message)?.[1] ?? []));
      return bodies.size === 3 ? bodies : undefined;
    });
    assert.deepEqual([...done].sort(), ['a', 'b', 'c']);
  } finally {
    aws?.destroy();
    await server?.kill();
    rmSync(dataFolder, { recursive: true, force: true });
  }
});
