// Where the end of an asynchronous invocation is told: a record for destinations, the event itself for dead-letter queues.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
import { parseArn } from '../../../base/arn.ts';
import { errors } from '../errors.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { functionArn, parseFunctionArn } from '../domain/functionName.ts';
import { asyncPayloadBytesMax, deadLetterMessageCharactersMax } from '../limits.ts';
import type { LambdaContext } from '../operation.ts';
import type { BusMessage } from '../../../ports/eventBus.ts';
import { encodeQueueMessage } from '../../../ports/queueMessage.ts';
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

/** What a destination's envelope carries. */
export function encodeForDestination(arn: string, record: string, { reference, condition }: EventEnding): Uint8Array {
  const service = parseArn(arn)?.service;
  if (service === 'sqs') return encodeQueueMessage({ body: record });
  if (service !== 'events') return Buffer.from(record);
  // The guide, "Adding a destination": the record is the detail of an event, and source and detail type say whose.
  const message: BusMessage = {
    source: 'lambda',
    'detail-type': `Lambda Function Invocation Result - ${condition === 'Success' ? 'Success' : 'Failure'}`,
    resources: [arn, functionArn(reference, reference.name, reference.qualifier ?? latest)],
    detail: JSON.parse(record) as unknown,
  };
  return Buffer.from(JSON.stringify(message));
}

/** What a dead-letter queue gets: the event, and what went wrong in the attributes; undefined when there is no such text. */
export function makeDeadLetter({ row, requestPayload, response, condition }: EventEnding): Uint8Array {
  return encodeQueueMessage({
    body: Buffer.from(requestPayload).toString('utf8'),
    attributes: {
      RequestID: { type: 'String', value: row.requestId },
      ErrorCode: { type: 'Number', value: response === undefined ? '429' : '200' },
      ErrorMessage: { type: 'String', value: messageOf(response?.payload) ?? condition },
    },
  });
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

type DestinationDeps = Pick<LambdaContext, 'store' | 'queues' | 'otherDestinations' | 'roleAccess' | 'clock'>;

const otherActions: Readonly<Record<string, string>> = { events: 'events:PutEvents', sns: 'sns:Publish' };

/** Throws unless records can be delivered to this ARN in the name of the role. */
export async function requireDestination(arn: string, reference: FunctionReference, roleArn: string, deps: DestinationDeps): Promise<void> {
  const service = parseArn(arn)?.service;
  if (service === 'lambda') {
    const target = parseFunctionArn(arn);
    if (target === undefined || (await deps.store.read((tx) => findFunction(tx, target, target.name))) === undefined) throw destinationErrors.invalid(arn);
    if (target.name === reference.name && target.account === reference.account && target.region === reference.region) throw destinationErrors.itself();
    return requirePermission('lambda:InvokeFunction', arn, roleArn, deps);
  }
  const exists = deps.otherDestinations?.get(service ?? '');
  const action = otherActions[service ?? ''];
  if (exists && action !== undefined) {
    if (!(await exists(arn))) throw destinationErrors.invalid(arn);
    return requirePermission(action, arn, roleArn, deps);
  }
  // Buckets, and what else nothing delivers to, are refused.
  const queue = service === 'sqs' ? await deps.queues.describe(arn) : undefined;
  if (queue === undefined || queue.fifo) throw destinationErrors.invalid(arn);
  return requirePermission('sqs:SendMessage', arn, roleArn, deps);
}

async function requirePermission(action: string, arn: string, roleArn: string, deps: DestinationDeps): Promise<void> {
  if (!(await mayCall(action, arn, roleArn, deps))) throw destinationErrors.notPermitted(action.split(':')[1] ?? action, arn);
}

async function mayCall(action: string, arn: string, roleArn: string, { roleAccess, clock }: DestinationDeps): Promise<boolean> {
  return roleAccess({ roleArn, action, resource: arn, nowMs: clock.now(), region: parseArn(arn)?.region ?? '' });
}

/** Throws unless this can be a function's dead-letter queue. */
export async function requireDeadLetterTarget(arn: string, roleArn: string, deps: DestinationDeps): Promise<void> {
  if (parseArn(arn)?.service !== 'sqs') throw errors.notSupported('the setting DeadLetterConfig.TargetArn', 'Standard queues of SQS can be given.');
  if (!(await mayCall('sqs:SendMessage', arn, roleArn, deps))) throw errors.invalidParameter('The provided execution role does not have permissions to call SendMessage on SQS');
  const queue = await deps.queues.describe(arn);
  if (queue === undefined || queue.fifo) throw errors.invalidParameter(`The target ARN ${arn} is not a standard queue.`);
}

const destinationErrors = {
  invalid: (arn: string) => errors.invalidParameter(`The destination ARN ${arn} is invalid.`),
  itself: () => errors.invalidParameter("You can't specify the function as a destination for itself."),
  notPermitted: (call: string, arn: string) => errors.invalidParameter(`The function's execution role does not have permissions to call ${call} on ${arn}`),
} as const;
