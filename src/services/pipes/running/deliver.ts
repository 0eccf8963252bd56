// What happens at a target: each kind takes a batch of events, in the name of the pipe's role.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html

import { uuid } from '../../../base/ids.ts';
import { failedItemsOf } from '../../../framework/queueEvent.ts';
import type { BusMessage } from '../../../ports/eventBus.ts';
import type { Envelope } from '../../../ports/outbox.ts';
import { encodeQueueMessage } from '../../../ports/queueMessage.ts';
import { openText, type PipeEvent, resolveParameter } from '../domain/inputTemplate.ts';
import { pipeArn } from '../domain/names.ts';
import { parseLogGroupArn, type TargetKind } from '../domain/targets.ts';
import { eventBytesMax, logEventBytesMax, payloadBytesMax } from '../limits.ts';
import { ownPrincipal, type PipesDeps } from '../operation.ts';
import type { PipeRow } from '../store.ts';

/** One event for the target. */
export interface TargetEvent {
  /** What paths of parameters look into. */
  readonly event: PipeEvent;
  /** What the target gets. */
  readonly text: string;
  /** The chain of events that it belongs to. */
  readonly traceHeader: string | undefined;
  /** Events with the same key keep their order: after one that failed the others of its key wait. */
  readonly orderingKey: string | undefined;
}

export interface TargetBatch {
  readonly pipe: PipeRow;
  readonly events: readonly TargetEvent[];
  /** The ids by which a function may name what it has not finished. */
  readonly itemIds: ReadonlySet<string>;
  readonly requestId: string;
  readonly traceHeader: string | undefined;
  readonly signal: AbortSignal;
}

export interface Outcome {
  /** The places of the events that failed. */
  readonly failed: ReadonlySet<number> | 'all';
  /** The items that a function has named. */
  readonly failedItems?: ReadonlySet<string>;
  readonly problem?: string;
}

const done: Outcome = { failed: new Set() };
const allFailed = (problem: string): Outcome => ({ failed: 'all', problem });

export function deliver(kind: TargetKind, batch: TargetBatch, deps: PipesDeps): Promise<Outcome> {
  switch (kind) {
    case 'lambda':
      return batch.pipe.targetParameters.LambdaFunctionParameters?.InvocationType === 'FIRE_AND_FORGET' ? tellFunction(batch, deps) : callFunction(batch, deps);
    case 'logs':
      return writeLogs(batch, deps);
    case 'api':
      return oneByOne(batch, (event) => callApi(event, batch, deps));
    default:
      return oneByOne(batch, (event) => send(kind, event, batch, deps));
  }
}

async function callFunction({ pipe, events, itemIds, requestId, traceHeader }: TargetBatch, { invoker }: PipesDeps): Promise<Outcome> {
  const payload = listOf(events);
  if (payload.length > payloadBytesMax) return allFailed(`The batch of ${payload.length} bytes is too large for a function.`);
  const { account: sourceAccount, roleArn, target: functionArn } = pipe;
  const answer = await invoker.invoke({ functionArn, service: ownPrincipal, roleArn, sourceArn: pipeArn(pipe), sourceAccount, requestId, traceHeader, payload });
  if (answer.kind === 'refused') return wasLoop(answer.reason) ? done : allFailed(answer.reason);
  if (answer.failed) return allFailed(`The function failed: ${Buffer.from(answer.payload).toString('utf8', 0, 1_000)}`);
  // User guide, "Partial batch failure": a function names what it has not finished. Any other answer is nobody's business.
  if (!Buffer.from(answer.payload).includes('batchItemFailures')) return done;
  const failed = failedItemsOf(answer.payload, itemIds);
  return failed === 'all' ? allFailed('The function named items that it has not been given.') : { failed: new Set(), failedItems: failed };
}

/** What would go on for ever ends here, as it does at event source mappings. */
export const wasLoop = (reason: string): boolean => reason === 'RecursiveInvocationException';

// The event is in the function's own queue, with its own retries: the outbox keeps it, in the role's name.
async function tellFunction({ pipe, events, traceHeader }: TargetBatch, { store, emitter, directory }: PipesDeps): Promise<Outcome> {
  const payload = listOf(events);
  if (payload.length > eventBytesMax) return allFailed(`The batch of ${payload.length} bytes is too large for an asynchronous invocation.`);
  const { account, region, roleArn, target } = pipe;
  if (!directory.for(target)) return allFailed(`There is no ${target}.`);
  await store.transact(async (tx) => {
    emitter.emit(tx, { source: 'pipes', sourceArn: pipeArn(pipe), target, account, region, callingPrincipal: roleArn, payload, traceHeader });
  });
  return done;
}

const listOf = (events: readonly TargetEvent[]): Buffer => Buffer.from(JSON.stringify(events.map(({ text }) => openText(text))));

async function writeLogs({ pipe, events }: TargetBatch, { logs, roleAccess, clock }: PipesDeps): Promise<Outcome> {
  const group = parseLogGroupArn(pipe.target);
  if (!group || !(await logs.exists(group, group.logGroupName))) return allFailed('The specified log group does not exist.');
  const { LogStreamName = pipe.name, Timestamp } = pipe.targetParameters.CloudWatchLogsParameters ?? {};
  const nowMs = Math.floor(clock.now());
  const resource = `${pipe.target.replace(/:\*$/, '')}:log-stream:*`;
  if (!(await roleAccess({ roleArn: pipe.roleArn, action: 'logs:PutLogEvents', resource, nowMs, region: pipe.region }))) return allFailed('AccessDenied: logs:PutLogEvents');
  const failed = new Set<number>();
  for (const [place, { text, event }] of events.entries()) {
    const timestampMs = Timestamp === undefined ? nowMs : momentOf(resolveParameter(Timestamp, event));
    if (timestampMs === undefined || text === '' || Buffer.byteLength(text) + 26 > logEventBytesMax) failed.add(place);
    else logs.sink.append({ ...group, logStreamName: resolveParameter(LogStreamName, event) || pipe.name }, [{ timestampMs, message: text }]);
  }
  await logs.sink.flush();
  return failed.size === 0 ? done : { failed, problem: 'An event is empty or too long for CloudWatch Logs, or its time is none.' };
}

/** Milliseconds since 1970, or a date. */
function momentOf(text: string): number | undefined {
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isFinite(ms) ? ms : undefined;
}

// In their order where the source keeps one, at once otherwise.
async function oneByOne({ events }: TargetBatch, send: (event: TargetEvent) => Promise<string | undefined>): Promise<Outcome> {
  const failed = new Set<number>();
  const stuck = new Set<string>();
  let problem: string | undefined;
  const one = async (event: TargetEvent, place: number): Promise<void> => {
    const { orderingKey } = event;
    if (orderingKey !== undefined && stuck.has(orderingKey)) return void failed.add(place);
    const failure = await send(event);
    if (failure === undefined) return;
    problem ??= failure;
    failed.add(place);
    if (orderingKey !== undefined) stuck.add(orderingKey);
  };
  if (events.some(({ orderingKey }) => orderingKey !== undefined)) for (const [place, event] of events.entries()) await one(event, place);
  else await Promise.all(events.map(one));
  return { failed: failed.size === events.length ? 'all' : failed, ...(problem === undefined ? {} : { problem }) };
}

async function callApi({ text, event }: TargetEvent, { pipe, signal }: TargetBatch, { apiDestinations }: PipesDeps): Promise<string | undefined> {
  const parameters = httpParameters(pipe.targetParameters.HttpParameters, event);
  const answer = await apiDestinations.call({ arn: pipe.target, roleArn: pipe.roleArn, region: pipe.region, input: text, parameters, signal });
  return answer.kind === 'answered' ? undefined : answer.reason;
}

type HttpParameters = PipeRow['targetParameters']['HttpParameters'];

/** With the paths into the event followed. */
export function httpParameters({ PathParameterValues = [], HeaderParameters = {}, QueryStringParameters = {} }: NonNullable<HttpParameters> = {}, event: PipeEvent) {
  const resolved = (given: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(given).map(([key, value]) => [key, resolveParameter(value, event)]));
  return { PathParameterValues: PathParameterValues.map((value) => resolveParameter(value, event)), HeaderParameters: resolved(HeaderParameters), QueryStringParameters: resolved(QueryStringParameters) };
}

// Queues, topics and buses take an envelope as if the outbox had brought it: what they say of it is told at once.
async function send(kind: 'sqs' | 'sns' | 'events', event: TargetEvent, { pipe, signal }: TargetBatch, deps: PipesDeps): Promise<string | undefined> {
  const { account, region, roleArn, target } = pipe;
  const receiver = deps.directory.for(target);
  if (!receiver) return `There is no ${target}.`;
  const payload = kind === 'sqs' ? queuePayload(event, pipe) : kind === 'events' ? busPayload(event, pipe) : Buffer.from(event.text);
  if (payload === undefined) return 'The event for a bus must be a JSON object.';
  const envelope: Envelope = {
    ...{ id: uuid(deps.random), source: 'pipes', sourceArn: pipeArn(pipe), target, account, region, callingPrincipal: roleArn, payload },
    ...{ orderingKey: undefined, traceHeader: event.traceHeader, maximumAgeMs: 60_000, maximumAttempts: 1, createdAtMs: Math.floor(deps.clock.now()), attempts: 0 },
  };
  const result = await receiver.deliver(envelope, { acknowledge: async () => true, signal });
  return result.kind === 'delivered' ? undefined : result.reason;
}

function queuePayload({ text, event }: TargetEvent, { target, targetParameters: { SqsQueueParameters: given = {} } }: PipeRow): Uint8Array {
  const { MessageGroupId, MessageDeduplicationId } = given;
  return encodeQueueMessage({
    body: text,
    ...(MessageGroupId ? { groupId: resolveParameter(MessageGroupId, event) } : {}),
    ...(MessageDeduplicationId && target.endsWith('.fifo') ? { deduplicationId: resolveParameter(MessageDeduplicationId, event) } : {}),
  });
}

// API reference, PipeTargetEventBridgeEventBusParameters; without them the source is the pipe and the type names what it reads from.
function busPayload({ text, event }: TargetEvent, { name, targetParameters: { EventBridgeEventBusParameters: given = {} } }: PipeRow): Uint8Array | undefined {
  const detail = openText(text);
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return undefined;
  const atMs = given.Time === undefined ? undefined : momentOf(resolveParameter(given.Time, event));
  const message: BusMessage = {
    source: resolveParameter(given.Source ?? `Pipe ${name}`, event),
    'detail-type': resolveParameter(given.DetailType ?? 'Event from aws:sqs', event),
    detail,
    resources: (given.Resources ?? []).map((resource) => resolveParameter(resource, event)),
    ...(atMs === undefined ? {} : { time: `${new Date(atMs).toISOString().slice(0, 19)}Z` }),
  };
  return Buffer.from(JSON.stringify(message));
}
