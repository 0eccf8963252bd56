// S3, SQS, SNS and EventBridge beside other local servers, in one run, with one client and as many connections: who answers more, and who is smaller. Ours
// syncs what it acknowledges to disk; most of the others keep it in memory. `npm run bench -- rivals [--quick] [--s3 | --sqs | --messaging]`.

import { report, type Row } from './support/report.ts';
import { loopRequests, type LoopResult, sendOne, type SentRequest, signedHeaders } from './support/requestLoop.ts';
import { type Contender, type RivalName, startOurs, startRival } from './support/rivals.ts';

const quick = process.argv.includes('--quick');
const only = process.argv.find((arg) => arg === '--s3' || arg === '--sqs' || arg === '--messaging')?.slice(2);
const connections = 32;
const turns = quick ? 1 : 3;
const milliseconds = quick ? 300 : 600;
const largeBytes = (quick ? 8 : 64) * 1024 * 1024;
const listedKeys = quick ? 200 : 1_000;
const small = 'x'.repeat(1_024);

/** One path: what it sends, and what has to be there before. Each contender has a state of its own. */
interface Path<State> {
  readonly name: string;
  readonly connections?: number;
  readonly prepare?: (port: number, state: State) => Promise<unknown>;
  readonly beforeTurn?: (state: State) => void;
  readonly next: (state: State) => SentRequest | undefined;
  readonly onAnswer?: (body: Buffer, state: State) => void;
}

const s3Request = (method: string, path: string, body: string | Uint8Array = ''): SentRequest => ({ method, path, headers: signedHeaders('s3'), body });

interface Objects {
  listed: number;
  put: number;
  got: number;
}

const s3Paths: readonly Path<Objects>[] = [
  {
    name: 'S3 put 1 KB',
    prepare: async (port) => await sendOne(undefined, port, s3Request('PUT', '/bench')),
    next: (state) => s3Request('PUT', `/bench/small/${(state.put += 1)}`, small),
  },
  { name: 'S3 get 1 KB', next: (state) => s3Request('GET', `/bench/small/${((state.got += 1) % Math.max(1, state.put)) + 1}`) },
  {
    name: `S3 list ${listedKeys} keys`,
    connections: 1,
    prepare: async (port, state) => {
      const next = (): SentRequest | undefined => ((state.listed += 1) > listedKeys ? undefined : s3Request('PUT', `/bench/many/${String(state.listed).padStart(6, '0')}`, 'x'));
      await loopRequests({ port, connections, milliseconds: 10_000, next });
    },
    next: () => s3Request('GET', '/bench?list-type=2&prefix=many/&max-keys=1000'),
  },
  {
    name: `S3 get ${largeBytes / 1024 / 1024} MB`,
    connections: 1,
    // Some take no body of this size: then there is nothing to get either.
    prepare: async (port) => await sendOne(undefined, port, s3Request('PUT', '/bench/large', Buffer.alloc(largeBytes, 'large'))).catch(() => undefined),
    next: () => s3Request('GET', '/bench/large'),
  },
];

interface Queue {
  url: string;
  handles: string[];
  share: string[];
}

const preloaded = quick ? 500 : 3_000;

function sqsRequest(operation: string, input: object): SentRequest {
  const headers = { ...signedHeaders('sqs'), 'x-amz-target': `AmazonSQS.${operation}`, 'content-type': 'application/x-amz-json-1.0' };
  return { method: 'POST', path: '/', headers, body: JSON.stringify(input) };
}

const sqsPaths: readonly Path<Queue>[] = [
  {
    name: 'SQS send 1 KB',
    prepare: async (port, state) => {
      const made = await sendOne(undefined, port, sqsRequest('CreateQueue', { QueueName: 'bench' }));
      state.url = (JSON.parse(made.body.toString('utf8')) as { QueueUrl: string }).QueueUrl;
    },
    next: ({ url }) => sqsRequest('SendMessage', { QueueUrl: url, MessageBody: small }),
  },
  {
    name: 'SQS receive',
    // Enough that nobody receives nothing, which is quick.
    prepare: async (port, { url }) => {
      let left = preloaded;
      const Entries = Array.from({ length: 10 }, (_, entry) => ({ Id: `${entry}`, MessageBody: small }));
      await loopRequests({ port, connections, milliseconds: 10_000, next: () => ((left -= 10) < 0 ? undefined : sqsRequest('SendMessageBatch', { QueueUrl: url, Entries })) });
    },
    next: ({ url }) => sqsRequest('ReceiveMessage', { QueueUrl: url, MaxNumberOfMessages: 1, VisibilityTimeout: 600 }),
    onAnswer: (body, { handles }) => {
      for (const match of body.toString('latin1').matchAll(/"ReceiptHandle":\s*"([^"]+)"/g)) handles.push(match[1] ?? '');
    },
  },
  {
    name: 'SQS delete',
    beforeTurn: (state) => {
      const count = Math.ceil(state.handles.length / (turns + 1));
      state.share = state.handles.splice(0, count);
    },
    next: ({ url, share }) => {
      const ReceiptHandle = share.pop();
      return ReceiptHandle === undefined ? undefined : sqsRequest('DeleteMessage', { QueueUrl: url, ReceiptHandle });
    },
  },
];

interface Messaging {
  topicArn: string;
  queueUrl: string;
  sent: number;
}

const fanOutQueues = 10;
const busRules = quick ? 50 : 300;
const arnOf = (service: string, resource: string): string => `arn:aws:${service}:us-east-1:000000000000:${resource}`;

// SNS speaks the query protocol everywhere.
function snsRequest(Action: string, fields: Readonly<Record<string, string>>): SentRequest {
  const headers = { ...signedHeaders('sns'), 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', path: '/', headers, body: new URLSearchParams({ Action, Version: '2010-03-31', ...fields }).toString() };
}

function eventsRequest(operation: string, input: object): SentRequest {
  const headers = { ...signedHeaders('events'), 'x-amz-target': `AWSEvents.${operation}`, 'content-type': 'application/x-amz-json-1.1' };
  return { method: 'POST', path: '/', headers, body: JSON.stringify(input) };
}

async function createOpenQueue(port: number, QueueName: string): Promise<string> {
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: ['sns.amazonaws.com', 'events.amazonaws.com'] }, Action: 'sqs:SendMessage', Resource: '*' }] });
  const made = await sendOne(undefined, port, sqsRequest('CreateQueue', { QueueName, Attributes: { Policy } }));
  return (JSON.parse(made.body.toString('utf8')) as { QueueUrl: string }).QueueUrl;
}

const eventOf = (state: Messaging): object => ({ Entries: [{ Source: 'shop', DetailType: `Type ${(state.sent += 1) % busRules}`, Detail: JSON.stringify({ text: small.slice(0, 256) }) }] });

const messagingPaths: readonly Path<Messaging>[] = [
  {
    name: `SNS publish to ${fanOutQueues} queues`,
    prepare: async (port, state) => {
      const made = await sendOne(undefined, port, snsRequest('CreateTopic', { Name: 'bench' }));
      state.topicArn = /<TopicArn>([^<]+)</.exec(made.body.toString('utf8'))?.[1] ?? arnOf('sns', 'bench');
      for (let queue = 0; queue < fanOutQueues; queue += 1) {
        await createOpenQueue(port, `fan-out-${queue}`);
        const raw = { 'Attributes.entry.1.key': 'RawMessageDelivery', 'Attributes.entry.1.value': 'true' };
        await sendOne(undefined, port, snsRequest('Subscribe', { TopicArn: state.topicArn, Protocol: 'sqs', Endpoint: arnOf('sqs', `fan-out-${queue}`), ...raw }));
      }
    },
    next: ({ topicArn }) => snsRequest('Publish', { TopicArn: topicArn, Message: small }),
  },
  {
    name: `EventBridge put, ${busRules} rules, one matches`,
    prepare: async (port, state) => {
      state.queueUrl = await createOpenQueue(port, 'events');
      for (let rule = 0; rule < busRules; rule += 1) {
        await sendOne(undefined, port, eventsRequest('PutRule', { Name: `rule-${rule}`, EventPattern: JSON.stringify({ source: ['shop'], 'detail-type': [`Type ${rule}`] }) }));
        await sendOne(undefined, port, eventsRequest('PutTargets', { Rule: `rule-${rule}`, Targets: [{ Id: 'queue', Arn: arnOf('sqs', 'events') }] }));
      }
    },
    next: (state) => eventsRequest('PutEvents', eventOf(state)),
  },
  {
    // From the request to a receiver that waits: what counts is the rate of one loop.
    name: 'EventBridge put and receive',
    connections: 1,
    prepare: async (port, { queueUrl }) => await sendOne(undefined, port, sqsRequest('PurgeQueue', { QueueUrl: queueUrl })),
    next: (state) => ((state.sent += 1) % 2 === 0 ? eventsRequest('PutEvents', eventOf({ ...state, sent: 0 })) : sqsRequest('ReceiveMessage', { QueueUrl: state.queueUrl, WaitTimeSeconds: 1, VisibilityTimeout: 600 })),
  },
];

/** All are up at once and take turns on each path, so that a disturbance of the machine meets them all; the median turn counts. */
async function measurePath<State>(path: Path<State>, contenders: readonly { readonly contender: Contender; readonly state: State }[]): Promise<ReadonlyMap<string, LoopResult>> {
  const turned = new Map<string, LoopResult[]>();
  for (const { contender, state } of contenders) await path.prepare?.(contender.port, state);
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const { contender, state } of contenders) {
      const { onAnswer } = path;
      path.beforeTurn?.(state);
      const result = await loopRequests({
        port: contender.port,
        connections: path.connections ?? connections,
        milliseconds: turn === 0 ? milliseconds / 2 : milliseconds,
        next: () => path.next(state),
        ...(onAnswer ? { onAnswer: (body: Buffer) => onAnswer(body, state) } : {}),
      });
      // The first turn warms up.
      if (turn > 0) turned.set(contender.name, [...(turned.get(contender.name) ?? []), result]);
    }
  }
  return new Map([...turned].map(([name, results]) => [name, [...results].sort((a, b) => a.perSecond - b.perSecond)[Math.floor(results.length / 2)] as LoopResult]));
}

async function compare<State>(title: string, names: readonly RivalName[], paths: readonly Path<State>[], newState: () => State): Promise<void> {
  const contenders: { readonly contender: Contender; readonly state: State }[] = [];
  const rows: Row[] = [];
  try {
    for (const start of [startOurs, ...names.map((name) => () => startRival(name))]) {
      const contender = await start();
      if (contender) contenders.push({ contender, state: newState() });
    }
    for (const path of paths) {
      process.stderr.write(`haneul bench: ${path.name} …\n`);
      rows.push(rowOf(path.name, await measurePath(path, contenders)));
    }
    const about = (what: string, of: (contender: Contender) => string | number): Row => ({ 'per second': what, ...Object.fromEntries(contenders.map(({ contender }) => [contender.name, of(contender)])) });
    rows.push(about('resident MiB after it', (contender) => contender.memoryMiB() ?? '-'), about('keeps its data', ({ keeps }) => keeps));
  } finally {
    for (const { contender } of contenders) await contender.stop();
  }
  process.stdout.write('\n');
  report(`rivals-${title}`, rows, [`${connections} connections of node:http (list and large: 1); median of ${turns} turns of ${milliseconds} ms a path, in which the servers take turns`]);
}

function rowOf(path: string, results: ReadonlyMap<string, LoopResult>): Row {
  // What fails is fast for no good reason.
  const isValid = ({ perSecond, failed }: LoopResult): boolean => perSecond > 0 && failed <= perSecond / 100;
  const [first, second] = [...results].filter(([, result]) => isValid(result)).sort(([, a], [, b]) => b.perSecond - a.perSecond);
  const lead = first && second ? `${first[0].split(' ')[0]} ×${(first[1].perSecond / second[1].perSecond).toFixed(1)}` : (first?.[0] ?? 'nobody');
  const cell = (result: LoopResult): string => {
    const rate = path.endsWith(' MB') ? `${Math.round(result.bytesPerSecond / 1024 / 1024)} MB/s` : String(result.perSecond);
    return isValid(result) ? rate : 'fails';
  };
  return { 'per second': path, ...Object.fromEntries([...results].map(([name, result]) => [name, cell(result)])), first: lead };
}

const isAsked = (title: string): boolean => only === undefined || only === title;
if (isAsked('s3')) await compare('s3', ['ministack', 'moto', 'fauxqs', 's3rver'], s3Paths, () => ({ listed: 0, put: 0, got: 0 }));
if (isAsked('sqs')) await compare('sqs', ['ministack', 'moto', 'fauxqs'], sqsPaths, () => ({ url: '', handles: [], share: [] }));
if (isAsked('messaging')) await compare('messaging', ['ministack', 'moto'], messagingPaths, () => ({ topicArn: '', queueUrl: '', sent: 0 }));
