// Live tails through the JavaScript SDK and AWS CLI 2, both told not to prepend "stream-" to the host.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html

import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  StartLiveTailCommand,
  type LiveTailSessionLogEvent,
  type StartLiveTailCommandInput,
  type StartLiveTailResponseStream,
} from '@aws-sdk/client-cloudwatch-logs';
import { findAwsCli, pointAt } from '../../support/awsCli.ts';
import { createFunction, invoke, uniqueName } from '../../support/functions.ts';
import { createLimitedUser } from '../../support/limitedUser.ts';
import { sdkConfig } from '../../support/sdkClients.ts';
import { expectRefusal } from '../../support/serviceError.ts';
import { startTestServer } from '../../support/testServer.ts';
import { useServer } from '../../support/useServer.ts';

let streaming: CloudWatchLogsClient;
const scene = useServer({}, async ({ server }) => {
  streaming = new CloudWatchLogsClient({ ...sdkConfig(server.endpoint), disableHostPrefix: true });
});
after(() => streaming?.destroy());

const arn = (name: string): string => `arn:aws:logs:us-east-1:000000000000:log-group:${name}`;

async function createGroup(...logStreamNames: string[]): Promise<string> {
  const { aws } = scene();
  const logGroupName = uniqueName('/test/tail');
  await aws.logs.send(new CreateLogGroupCommand({ logGroupName }));
  for (const logStreamName of logStreamNames) await aws.logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  return logGroupName;
}

const put = (logGroupName: string, logStreamName: string, ...messages: string[]) =>
  scene().aws.logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents: messages.map((message) => ({ timestamp: Date.now(), message })) }));

type Events = AsyncIterator<StartLiveTailResponseStream>;

/** Starts a session and answers its events, behind the first. */
async function tail(input: StartLiveTailCommandInput): Promise<{ readonly start: StartLiveTailResponseStream; readonly events: Events }> {
  const { responseStream } = await streaming.send(new StartLiveTailCommand(input));
  assert.ok(responseStream);
  const events = responseStream[Symbol.asyncIterator]();
  const { value } = await events.next();
  return { start: value as StartLiveTailResponseStream, events };
}

/** What a session tells until there are so many events, in at most ten updates. */
async function collect(events: Events, count: number): Promise<LiveTailSessionLogEvent[]> {
  const found: LiveTailSessionLogEvent[] = [];
  for (let at = 0; at < 10 && found.length < count; at += 1) {
    const { value } = (await events.next()) as IteratorYieldResult<StartLiveTailResponseStream>;
    assert.ok(value.sessionUpdate, JSON.stringify(value));
    assert.equal(value.sessionUpdate.sessionMetadata?.sampled, false);
    found.push(...(value.sessionUpdate.sessionResults ?? []));
  }
  return found;
}

suite('StartLiveTail', { concurrency: true }, () => {
  test('tells what arrives in the groups that it was asked for', async () => {
    const [one, two] = [await createGroup('a', 'b'), await createGroup('a')];
    await put(one, 'a', 'before');
    const logGroupIdentifiers = [arn(one), arn(two)];
    const { start, events } = await tail({ logGroupIdentifiers, logEventFilterPattern: '-ignored' });
    assert.match(start.sessionStart?.sessionId ?? '', /^[0-9a-f-]{36}$/);
    assert.deepEqual([start.sessionStart?.logGroupIdentifiers, start.sessionStart?.logEventFilterPattern], [logGroupIdentifiers, '-ignored']);
    await put(one, 'a', 'first', 'ignored');
    await put(two, 'a', 'second');
    await put(one, 'b', 'third');
    const found = await collect(events, 3);
    assert.deepEqual(found.map(({ message }) => message).sort(), ['first', 'second', 'third']);
    const first = found.find(({ message }) => message === 'first');
    assert.deepEqual([first?.logStreamName, first?.logGroupIdentifier], ['a', `000000000000:${one}`]);
    assert.ok(Math.abs((first?.timestamp ?? 0) - Date.now()) < 60_000 && (first?.ingestionTime ?? 0) >= (first?.timestamp ?? Infinity) - 1);
  });

  test('keeps to the streams that it was asked for', async () => {
    const group = await createGroup('web-1', 'web-2', 'db-1');
    const byName = await tail({ logGroupIdentifiers: [arn(group)], logStreamNames: ['db-1'] });
    const byPrefix = await tail({ logGroupIdentifiers: [arn(group)], logStreamNamePrefixes: ['web-'] });
    for (const stream of ['web-1', 'web-2', 'db-1']) await put(group, stream, stream);
    assert.deepEqual((await collect(byName.events, 1)).map(({ message }) => message), ['db-1']);
    assert.deepEqual((await collect(byPrefix.events, 2)).map(({ message }) => message), ['web-1', 'web-2']);
  });

  test('tells the output of functions', async () => {
    const { aws, roleArn } = scene();
    const name = await createFunction(aws.lambda, { Role: roleArn, files: { 'index.js': "exports.handler = async () => console.log('heard');" } });
    const group = `/aws/lambda/${name}`;
    await aws.logs.send(new CreateLogGroupCommand({ logGroupName: group }));
    const { events } = await tail({ logGroupIdentifiers: [arn(group)], logEventFilterPattern: 'heard' });
    await invoke(aws.lambda, name);
    assert.match((await collect(events, 1))[0]?.message ?? '', /\tINFO\theard\n$/);
  });

  test('refuses names, wildcards, filters that exclude each other, and groups that are not there', async () => {
    const [one, two] = [await createGroup('a'), await createGroup('a')];
    const refused = (input: StartLiveTailCommandInput, name: string) => expectRefusal(streaming.send(new StartLiveTailCommand(input)), { name, status: 400 });
    await refused({ logGroupIdentifiers: [one] }, 'InvalidParameterException');
    await refused({ logGroupIdentifiers: [`${arn(one)}:*`] }, 'InvalidParameterException');
    await refused({ logGroupIdentifiers: Array.from({ length: 11 }, () => arn(one)) }, 'InvalidParameterException');
    await refused({ logGroupIdentifiers: [arn(one), arn(two)], logStreamNames: ['a'] }, 'InvalidParameterException');
    await refused({ logGroupIdentifiers: [arn(one)], logStreamNames: ['a'], logStreamNamePrefixes: ['a'] }, 'InvalidParameterException');
    await refused({ logGroupIdentifiers: [arn(one)], logEventFilterPattern: '{ $.a > ' }, 'InvalidParameterException');
    await refused({ logGroupIdentifiers: [arn('/absent')] }, 'ResourceNotFoundException');
  });

  test('asks for logs:StartLiveTail on every group', async () => {
    const [one, two] = [await createGroup('a'), await createGroup('a')];
    const user = await createLimitedUser(scene(), [{ Effect: 'Allow', Action: 'logs:StartLiveTail', Resource: `${arn(one)}:*` }]);
    const client = new CloudWatchLogsClient({ ...sdkConfig(scene().server.endpoint), credentials: user.clients.logs.config.credentials, disableHostPrefix: true });
    const { responseStream } = await client.send(new StartLiveTailCommand({ logGroupIdentifiers: [arn(one)] }));
    assert.ok(responseStream);
    await expectRefusal(client.send(new StartLiveTailCommand({ logGroupIdentifiers: [arn(one), arn(two)] })), { name: 'AccessDeniedException', status: 400 });
    user.clients.destroy();
    client.destroy();
  });

  test('prints what arrives through aws logs start-live-tail', async (context) => {
    const program = await findAwsCli('v2');
    if ('missing' in program) return context.skip(program.missing);
    const cli = pointAt(program, { endpoint: scene().server.endpoint });
    const group = await createGroup('a');
    let running = true;
    const tailing = cli.run(['logs', 'start-live-tail', '--log-group-identifiers', arn(group)], { interruptAfterMs: 8_000 }).finally(() => (running = false));
    // The command says nothing when its session has begun.
    for (let at = 0; running; at += 1) {
      await put(group, 'a', `line ${at}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const { stdout, stderr } = await tailing;
    const numbers = [...stdout.matchAll(/^line (\d+)$/gm)].map((match) => Number(match[1]));
    assert.ok(numbers.length > 3, `${stdout}\n${stderr}`);
    assert.deepEqual(numbers, numbers.map((_, at) => (numbers[0] ?? 0) + at), 'each line once, in order');
  });
});

suite('a session of StartLiveTail', { concurrency: true }, () => {
  /** A session on a server of its own. */
  async function session(): Promise<{ readonly server: Awaited<ReturnType<typeof startTestServer>>; readonly client: CloudWatchLogsClient; readonly events: AsyncIterator<StartLiveTailResponseStream> }> {
    const server = await startTestServer();
    const client = new CloudWatchLogsClient({ ...sdkConfig(server.endpoint), disableHostPrefix: true });
    await client.send(new CreateLogGroupCommand({ logGroupName: 'g' }));
    const { responseStream } = await client.send(new StartLiveTailCommand({ logGroupIdentifiers: [arn('g')] }));
    assert.ok(responseStream);
    return { server, client, events: responseStream[Symbol.asyncIterator]() };
  }

  async function untilEnd(events: Events): Promise<void> {
    for (let at = 0; at < 20; at += 1) if ((await events.next()).done === true) return;
    assert.fail('the session goes on');
  }

  test('times out after three hours of product time', async () => {
    const { server, client, events } = await session();
    await events.next();
    await server.clock.advance(3 * 60 * 60_000);
    await assert.rejects(untilEnd(events), { name: 'SessionTimeoutException' });
    client.destroy();
    await server.stop();
  });

  test('ends when the server stops, and does not hold it up', async () => {
    const { server, client, events } = await session();
    await events.next();
    const beganMs = performance.now();
    await Promise.all([server.stop(), untilEnd(events)]);
    assert.ok(performance.now() - beganMs < 8_000, 'well before the listener cuts connections');
    client.destroy();
  });

  test('ends when everything is forgotten', async () => {
    const { server, client, events } = await session();
    await events.next();
    await Promise.all([server.reset(), untilEnd(events)]);
    client.destroy();
    await server.stop();
  });

  test('gives its place to another when its client has gone', async () => {
    const { server, client, events } = await session();
    const command = new StartLiveTailCommand({ logGroupIdentifiers: [arn('g')] });
    const other = new CloudWatchLogsClient({ ...sdkConfig(server.endpoint), disableHostPrefix: true });
    for (let at = 0; at < 14; at += 1) await other.send(command);
    await expectRefusal(client.send(command), { name: 'LimitExceededException', status: 400 });
    await events.next();
    // What the documentation's own example does; leaving the loop over the events does not close the connection.
    other.destroy();
    const succeeds = (): Promise<boolean> => client.send(command).then(() => true, () => false);
    let isFree = await succeeds();
    for (let attempt = 0; !isFree && attempt < 50; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      isFree = await succeeds();
    }
    assert.ok(isFree, 'the place is free');
    client.destroy();
    await server.stop();
  });
});
