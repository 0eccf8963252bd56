// Where the end of an asynchronous invocation is told: a record for destinations, the event itself for dead-letter queues.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
import { parseArn } from '../../../base/arn.ts';
import { uuid } from '../../../base/ids.ts';
import type { Random } from '../../../base/random.ts';
import { errors } from '../errors.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { functionArn, parseFunctionArn } from '../domain/functionName.ts';
import { asyncPayloadBytesMax, deadLetterMessageCharactersMax } from '../limits.ts';
import type { LambdaContext } from '../operation.ts';
import { encodeObjectWrite } from '../../../ports/objectWrite.ts';
import { encodeQueueMessage } from '../../../ports/queueMessage.ts';
import { encodeTopicMessage } from '../../../ports/topicMessage.ts';
import { findFunction, latest } from '../store.ts';
import type { EventRow } from '../store.ts';
import type { EventEnd } from './eventRules.ts';

export interface EventEnding {
  readonly reference: FunctionReference;
  readonly row: EventRow;
  readonly condition: EventEnd | 'Success';
  readonly invokes: number;
  readonly requestPayload: Uint8Array;
  readonly response: { readonly version: string; readonly payload: Uint8Array; readonly failed: boolean } | undefined;
  readonly nowMs: number;
}

/** The invocation record, as JSON text; undefined when it would be too long to be delivered. */
export function makeInvocationRecord({ reference, row, condition, invokes, requestPayload, response, nowMs }: EventEnding): string | undefined {
  const record = JSON.stringify({
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    requestContext: {
      requestId: row.requestId,
      functionArn: functionArn(reference, reference.name, reference.qualifier ?? latest),
      condition,
      approximateInvokeCount: invokes,
    },
    requestPayload: openPayload(requestPayload),
    ...(response === undefined
      ? {}
      : {
          responseContext: { statusCode: 200, executedVersion: response.version, ...(response.failed ? { functionError: 'Unhandled' } : {}) },
          responsePayload: openPayload(response.payload),
        }),
  });
  return Buffer.byteLength(record) <= asyncPayloadBytesMax ? record : undefined;
}

/** What a destination's envelope carries. Topics take the text as it is. */
export const encodeForDestination = (arn: string, record: string): Uint8Array => (parseArn(arn)?.service === 'sqs' ? encodeQueueMessage({ body: record }) : Buffer.from(record));

/** The same with what event buses and buckets want to know besides the record. */
export function encodeEnding(destination: string, record: string, { reference, condition, nowMs }: EventEnding, random: Random): Uint8Array {
  const arn = parseArn(destination);
  if (arn?.service === 's3') {
    const key = `aws/lambda/async/${reference.name}/${formatObjectTime(nowMs)}-${uuid(random)}`;
    return encodeObjectWrite({ key, contentType: 'application/json', body: Buffer.from(record) });
  }
  if (arn?.service !== 'events') return encodeForDestination(destination, record);
  return Buffer.from(JSON.stringify({
    version: '0',
    'detail-type': `Lambda Function Invocation Result - ${condition === 'Success' ? 'Success' : 'Failure'}`,
    source: 'lambda',
    account: reference.account,
    time: new Date(nowMs).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    region: reference.region,
    resources: [functionArn(reference, reference.name, reference.qualifier ?? latest), destination],
    detail: JSON.parse(record) as unknown,
  }));
}

/** `YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS`, in the names of objects. */
export const formatObjectTime = (ms: number): string => {
  const time = new Date(ms).toISOString().slice(0, 19).replaceAll(':', '.');
  return `${time.slice(0, 10).replaceAll('-', '/')}/${time}`;
};

/** What a dead-letter queue or topic gets: the event, and what went wrong in the attributes. */
export function makeDeadLetter(arn: string, { row, requestPayload, response, condition }: EventEnding): Uint8Array {
  const text = Buffer.from(requestPayload).toString('utf8');
  const attributes = {
    RequestID: { type: 'String', value: row.requestId },
    ErrorCode: { type: 'Number', value: response !== undefined ? '200' : condition === 'RecursiveInvocationException' ? '400' : '429' },
    ErrorMessage: { type: 'String', value: messageOf(response?.payload) ?? (condition === 'RecursiveInvocationException' ? errors.recursiveInvocation().message : condition) },
  };
  return parseArn(arn)?.service === 'sns' ? encodeTopicMessage({ message: text, attributes }) : encodeQueueMessage({ body: text, attributes });
}

function messageOf(payload: Uint8Array | undefined): string | undefined {
  const answer = payload === undefined ? undefined : openPayload(payload);
  const message: unknown = typeof answer === 'object' && answer !== null && 'errorMessage' in answer ? answer.errorMessage : undefined;
  return typeof message === 'string' && message !== '' ? message.slice(0, deadLetterMessageCharactersMax) : undefined;
}

function openPayload(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString('utf8');
  try {
    return text === '' ? null : (JSON.parse(text) as unknown);
  } catch {
    return text; // Handlers of custom runtimes may answer what they like.
  }
}

type DestinationDeps = Pick<LambdaContext, 'store' | 'queues' | 'roleAccess' | 'clock' | 'destinations'>;

/** Throws unless records can be delivered to this ARN in the name of the role. */
export async function requireDestination(arn: string, reference: FunctionReference, roleArn: string, kind: 'OnSuccess' | 'OnFailure', deps: DestinationDeps): Promise<void> {
  const service = parseArn(arn)?.service;
  if (service === 'lambda') {
    const target = parseFunctionArn(arn);
    if (target === undefined || (await deps.store.read((tx) => findFunction(tx, target, target.name))) === undefined) throw destinationErrors.invalid(arn);
    if (target.name === reference.name && target.account === reference.account && target.region === reference.region) throw destinationErrors.itself();
    return requirePermission('lambda:InvokeFunction', arn, roleArn, deps);
  }
  // The guide's table: buckets are for failures only.
  if (service === 's3' && kind === 'OnSuccess') throw destinationErrors.invalid(arn);
  await requirePlace(arn, roleArn, deps);
}

/** The same for what a stream's mapping has given up: queues, topics and buckets. */
export async function requireFailureDestination(arn: string, roleArn: string, deps: DestinationDeps): Promise<void> {
  if (!['sqs', 'sns', 's3'].includes(parseArn(arn)?.service ?? '')) throw destinationErrors.invalid(arn);
  await requirePlace(arn, roleArn, deps);
}

const placeCalls: Readonly<Record<string, readonly (readonly [action: string, below: string])[]>> = {
  sqs: [['sqs:SendMessage', '']],
  sns: [['sns:Publish', '']],
  events: [['events:PutEvents', '']],
  s3: [['s3:PutObject', '/aws/lambda/*'], ['s3:ListBucket', '']],
};

async function requirePlace(arn: string, roleArn: string, deps: DestinationDeps): Promise<void> {
  const service = parseArn(arn)?.service ?? '';
  const place = service === 'sqs' ? await deps.queues.describe(arn) : await deps.destinations.get(service)?.(arn);
  if (place === undefined || place.fifo) throw destinationErrors.invalid(arn);
  for (const [action, below] of placeCalls[service] ?? []) await requirePermission(action, arn, roleArn, deps, below);
}

async function requirePermission(action: string, arn: string, roleArn: string, deps: DestinationDeps, below = ''): Promise<void> {
  if (!(await mayCall(action, `${arn}${below}`, roleArn, deps))) throw destinationErrors.notPermitted(action.split(':')[1] ?? action, arn);
}

async function mayCall(action: string, arn: string, roleArn: string, { roleAccess, clock }: DestinationDeps): Promise<boolean> {
  return roleAccess({ roleArn, action, resource: arn, nowMs: clock.now(), region: parseArn(arn)?.region ?? '' });
}

/** Throws unless this can be a function's dead-letter queue or topic. */
export async function requireDeadLetterTarget(arn: string, roleArn: string, deps: DestinationDeps): Promise<void> {
  const service = parseArn(arn)?.service ?? '';
  if (service !== 'sqs' && service !== 'sns') throw errors.notSupported('the setting DeadLetterConfig.TargetArn', 'Standard queues of SQS and topics of SNS can be given.');
  const isQueue = service === 'sqs';
  const [action, call] = isQueue ? ['sqs:SendMessage', 'SendMessage on SQS'] : ['sns:Publish', 'Publish on SNS'];
  if (!(await mayCall(action, arn, roleArn, deps))) throw errors.invalidParameter(`The provided execution role does not have permissions to call ${call}`);
  const place = isQueue ? await deps.queues.describe(arn) : await deps.destinations.get(service)?.(arn);
  if (place === undefined || place.fifo) throw errors.invalidParameter(`The target ARN ${arn} is not a standard ${isQueue ? 'queue' : 'topic'}.`);
}

const destinationErrors = {
  invalid: (arn: string) => errors.invalidParameter(`The destination ARN ${arn} is invalid.`),
  itself: () => errors.invalidParameter("You can't specify the function as a destination for itself."),
  notPermitted: (call: string, arn: string) => errors.invalidParameter(`The function's execution role does not have permissions to call ${call} on ${arn}`),
} as const;
