// Archives, replays, connections, API destinations and schedules through the JavaScript SDK.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html, eb-api-destinations.html

import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, suite, test } from 'node:test';
import {
  CancelReplayCommand,
  CreateApiDestinationCommand,
  CreateArchiveCommand,
  CreateConnectionCommand,
  DeauthorizeConnectionCommand,
  DeleteApiDestinationCommand,
  DeleteArchiveCommand,
  DeleteConnectionCommand,
  DeleteRuleCommand,
  DescribeApiDestinationCommand,
  DescribeArchiveCommand,
  DescribeConnectionCommand,
  DescribeReplayCommand,
  EventBridgeClient,
  ListApiDestinationsCommand,
  ListArchivesCommand,
  ListConnectionsCommand,
  ListReplaysCommand,
  ListRulesCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  StartReplayCommand,
  UpdateApiDestinationCommand,
  UpdateArchiveCommand,
  UpdateConnectionCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, ReceiveMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { uniqueName } from '../../support/functions.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { useServer } from '../../support/useServer.ts';

const scene = useServer();
const account = '000000000000';
const roleArn = `arn:aws:iam::${account}:role/eventbridge-without-policies`;
const defaultBus = `arn:aws:events:us-east-1:${account}:event-bus/default`;
let made: EventBridgeClient | undefined;
const events = (): EventBridgeClient => (made ??= new EventBridgeClient(sdkConfig(scene().server.endpoint)));
const endpoints: Server[] = [];
after(() => {
  made?.destroy();
  for (const server of endpoints) server.close();
});

const put = async (Source: string, n: number): Promise<void> => {
  await events().send(new PutEventsCommand({ Entries: [{ Source, DetailType: 't', Detail: JSON.stringify({ n }) }] }));
};

async function createQueue(): Promise<{ readonly arn: string; receive(): Promise<Record<string, unknown> & { detail: { n: number } }> }> {
  const { sqs } = scene().aws;
  const name = uniqueName('queue');
  const arn = `arn:aws:sqs:us-east-1:${account}:${name}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: arn }] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  return {
    arn,
    async receive() {
      const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, VisibilityTimeout: 43_200 }));
      assert.ok(message, 'no message has come');
      return JSON.parse(message.Body ?? '') as never;
    },
  };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

suite('archives', () => {
  test('keep what fits them, and a replay sends it again, marked and not archived twice', { timeout: 60_000 }, async () => {
    const source = uniqueName('source');
    const ArchiveName = uniqueName('archive');
    const { ArchiveArn = '', State } = await events().send(new CreateArchiveCommand({ ArchiveName, EventSourceArn: defaultBus, EventPattern: JSON.stringify({ source: [source] }), RetentionDays: 2 }));
    assert.deepEqual([ArchiveArn, State], [`arn:aws:events:us-east-1:${account}:archive/${ArchiveName}`, 'ENABLED']);
    await expectRefusal(events().send(new CreateArchiveCommand({ ArchiveName, EventSourceArn: defaultBus })), { name: 'ResourceAlreadyExistsException', status: 400, message: `Archive ${ArchiveName} already exists.` });
    const { Rules: [managed] = [] } = await events().send(new ListRulesCommand({ NamePrefix: `Events-Archive-${ArchiveName}` }));
    assert.equal(managed?.ManagedBy, 'prod.vhs.events.aws.internal');
    await expectRefusal(events().send(new DeleteRuleCommand({ Name: managed.Name })), { name: 'ManagedRuleException', status: 400 });
    const EventStartTime = new Date(scene().server.clock.now() - 60_000);
    for (const n of [1, 2, 3]) await put(source, n);
    const count = async (): Promise<number> => (await events().send(new DescribeArchiveCommand({ ArchiveName }))).EventCount ?? 0;
    await until(async () => (await count()) === 3);
    const queue = await createQueue();
    const Name = uniqueName('rule');
    const { RuleArn = '' } = await events().send(new PutRuleCommand({ Name, EventPattern: JSON.stringify({ source: [source] }) }));
    await events().send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'q', Arn: queue.arn }] }));
    const ReplayName = uniqueName('replay');
    const window = { EventStartTime, EventEndTime: new Date(scene().server.clock.now() + 60_000), Destination: { Arn: defaultBus, FilterArns: [RuleArn] } };
    await events().send(new StartReplayCommand({ ReplayName, EventSourceArn: ArchiveArn, ...window }));
    const came = [await queue.receive(), await queue.receive(), await queue.receive()];
    assert.deepEqual(came.map(({ detail }) => detail.n).sort(), [1, 2, 3]);
    assert.ok(came.every((event) => event['replay-name'] === ReplayName));
    await until(async () => (await events().send(new DescribeReplayCommand({ ReplayName }))).State === 'COMPLETED');
    assert.deepEqual((await events().send(new ListReplaysCommand({ NamePrefix: ReplayName }))).Replays?.map((replay) => replay.State), ['COMPLETED']);
    await expectRefusal(events().send(new CancelReplayCommand({ ReplayName })), { name: 'IllegalStatusException', status: 400 });
    await expectRefusal(events().send(new StartReplayCommand({ ReplayName, EventSourceArn: ArchiveArn, ...window })), { name: 'ResourceAlreadyExistsException', status: 400, message: `Replay ${ReplayName} already exists.` });
    await expectRefusal(events().send(new StartReplayCommand({ ReplayName: 'x', EventSourceArn: ArchiveArn, ...window, EventEndTime: EventStartTime })), {
      ...{ name: 'ValidationException', status: 400 },
      message: 'Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.',
    });
    assert.equal(await count(), 3);
    // Two days later nothing is left.
    await scene().server.clock.advance(2 * 86_400_000 + 1_000);
    await until(async () => (await count()) === 0);
    await events().send(new UpdateArchiveCommand({ ArchiveName, Description: 'later', RetentionDays: 0 }));
    assert.deepEqual((await events().send(new ListArchivesCommand({ NamePrefix: ArchiveName }))).Archives?.map(({ RetentionDays }) => RetentionDays), [0]);
    await events().send(new DeleteArchiveCommand({ ArchiveName }));
    await expectRefusal(events().send(new DescribeArchiveCommand({ ArchiveName })), { name: 'ResourceNotFoundException', status: 400, message: `Archive ${ArchiveName} does not exist.` });
    assert.deepEqual((await events().send(new ListRulesCommand({ NamePrefix: `Events-Archive-${ArchiveName}` }))).Rules, []);
  });
});

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An endpoint that answers one status after another, the last one for ever. */
async function startEndpoint(answers: readonly { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }[]): Promise<{ readonly url: string; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const answer = answers[Math.min(seen.length, answers.length - 1)];
      seen.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(pieces).toString() });
      response.writeHead(answer?.status ?? 200, answer?.headers).end(answer?.body);
    });
  });
  endpoints.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

suite('API destinations', () => {
  test('are called with what their connection says, again after a refusal, and with a new token after a 401', { timeout: 60_000 }, async () => {
    const tokens = await startEndpoint([{ status: 200, body: '{"access_token":"one","expires_in":3600}' }, { status: 200, body: '{"access_token":"two","expires_in":3600}' }]);
    const api = await startEndpoint([{ status: 401 }, { status: 429, headers: { 'retry-after': '2' } }, { status: 200 }]);
    const Name = uniqueName('connection');
    const OAuthParameters = {
      ...{ ClientParameters: { ClientID: 'me', ClientSecret: 'hush' }, AuthorizationEndpoint: `${tokens.url}/token`, HttpMethod: 'POST' as const },
      OAuthHttpParameters: { BodyParameters: [{ Key: 'scope', Value: 'all', IsValueSecret: false }] },
    };
    const InvocationHttpParameters = { HeaderParameters: [{ Key: 'x-secret', Value: 's3cret' }], QueryStringParameters: [{ Key: 'v', Value: '2', IsValueSecret: false }] };
    const connection = await events().send(new CreateConnectionCommand({ Name, AuthorizationType: 'OAUTH_CLIENT_CREDENTIALS', AuthParameters: { OAuthParameters, InvocationHttpParameters } }));
    assert.equal(connection.ConnectionState, 'AUTHORIZED');
    assert.equal(tokens.seen[0]?.body, 'grant_type=client_credentials&client_id=me&client_secret=hush&scope=all');
    const described = await events().send(new DescribeConnectionCommand({ Name }));
    assert.match(described.SecretArn ?? '', new RegExp(`:secret:events!connection/${Name}/`));
    assert.deepEqual(described.AuthParameters?.InvocationHttpParameters?.HeaderParameters, [{ Key: 'x-secret', IsValueSecret: true }]);
    assert.equal(JSON.stringify(described).includes('hush'), false);
    const destination = await events().send(
      new CreateApiDestinationCommand({ Name, ConnectionArn: connection.ConnectionArn, InvocationEndpoint: `${api.url}/orders/*/notes`, HttpMethod: 'PUT', InvocationRateLimitPerSecond: 300 }),
    );
    assert.equal(destination.ApiDestinationState, 'ACTIVE');
    const source = uniqueName('source');
    await events().send(new PutRuleCommand({ Name, EventPattern: JSON.stringify({ source: [source] }) }));
    const HttpParameters = { PathParameterValues: ['a b'], HeaderParameters: { 'x-plain': 'yes' }, QueryStringParameters: { q: '1' } };
    await events().send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'api', Arn: destination.ApiDestinationArn, RoleArn: roleArn, InputPath: '$.detail', HttpParameters }] }));
    await put(source, 7);
    // The retries wait by the clock.
    await until(async () => {
      await scene().server.clock.advance(1_000);
      return api.seen.length >= 3;
    });
    const [first, second, third] = api.seen;
    assert.deepEqual([first?.method, first?.url, first?.body], ['PUT', '/orders/a%20b/notes?q=1&v=2', '{"n":7}']);
    assert.deepEqual([first?.headers.authorization, first?.headers['x-secret'], first?.headers['x-plain']], ['Bearer one', 's3cret', 'yes']);
    assert.deepEqual([second?.headers.authorization, third?.headers.authorization], ['Bearer two', 'Bearer two']);
    assert.deepEqual((await events().send(new ListApiDestinationsCommand({ NamePrefix: Name }))).ApiDestinations?.map((one) => one.HttpMethod), ['PUT']);
    await events().send(new UpdateApiDestinationCommand({ Name, HttpMethod: 'POST' }));
    assert.equal((await events().send(new DescribeApiDestinationCommand({ Name }))).HttpMethod, 'POST');
    assert.equal((await events().send(new DeauthorizeConnectionCommand({ Name }))).ConnectionState, 'DEAUTHORIZED');
    assert.equal((await events().send(new DescribeApiDestinationCommand({ Name }))).ApiDestinationState, 'INACTIVE');
    await events().send(new DeleteApiDestinationCommand({ Name }));
    await expectRefusal(events().send(new DescribeApiDestinationCommand({ Name })), { name: 'ResourceNotFoundException', status: 400 });
  });
  test('have connections with keys and passwords, whose secrets are never shown', async () => {
    const Name = uniqueName('connection');
    await events().send(new CreateConnectionCommand({ Name, AuthorizationType: 'API_KEY', AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: 'x-api-key', ApiKeyValue: 'hidden' } } }));
    await events().send(new UpdateConnectionCommand({ Name, AuthorizationType: 'BASIC', AuthParameters: { BasicAuthParameters: { Username: 'me', Password: 'hidden' } } }));
    const described = await events().send(new DescribeConnectionCommand({ Name }));
    assert.deepEqual([described.AuthorizationType, described.AuthParameters], ['BASIC', { BasicAuthParameters: { Username: 'me' } }]);
    assert.deepEqual((await events().send(new ListConnectionsCommand({ NamePrefix: Name }))).Connections?.map(({ ConnectionState }) => ConnectionState), ['AUTHORIZED']);
    await events().send(new DeleteConnectionCommand({ Name }));
    await expectRefusal(events().send(new DescribeConnectionCommand({ Name })), { name: 'ResourceNotFoundException', status: 400 });
  });
});

suite('schedules', () => {
  test('fire every five minutes of the clock, each time once', { timeout: 60_000 }, async () => {
    const queue = await createQueue();
    const Name = uniqueName('rule');
    const { RuleArn } = await events().send(new PutRuleCommand({ Name, ScheduleExpression: 'rate(5 minutes)' }));
    await events().send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'q', Arn: queue.arn }] }));
    const times: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      await scene().server.clock.advance(5 * 60_000);
      const event = await queue.receive();
      assert.deepEqual([event['source'], event['detail-type'], event['resources'], event.detail], ['aws.events', 'Scheduled Event', [RuleArn], {}]);
      times.push(Date.parse(String(event['time'])));
    }
    assert.deepEqual(times.map((time) => time - (times[0] ?? 0)), [0, 300_000, 600_000]);
  });
});
