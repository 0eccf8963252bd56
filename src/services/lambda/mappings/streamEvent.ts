// What a function gets of a stream, and what it answers. https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html and with-ddb.html
import type { StreamRecord } from '../../../ports/streamReader.ts';
import type { WindowRow } from './shardStore.ts';

export interface StreamSource {
  readonly arn: string;
  readonly region: string;
  readonly shardId: string;
  readonly roleArn: string;
}

/** A record as functions see it. */
export function describeStreamRecord(record: StreamRecord, { arn, region, shardId, roleArn }: StreamSource): object {
  if (record.kind === 'dynamodb') {
    const { eventId, eventName, change, userIdentity } = record;
    return {
      ...{ eventID: eventId, eventName, eventVersion: '1.1', eventSource: 'aws:dynamodb', awsRegion: region, dynamodb: change },
      ...(userIdentity === undefined ? {} : { userIdentity }),
      eventSourceARN: arn,
    };
  }
  const { partitionKey, sequenceNumber, data, arrivedAtMs } = record;
  return {
    kinesis: { kinesisSchemaVersion: '1.0', partitionKey, sequenceNumber, data: Buffer.from(data).toString('base64'), approximateArrivalTimestamp: arrivedAtMs / 1_000 },
    ...{ eventSource: 'aws:kinesis', eventVersion: '1.0', eventID: `${shardId}:${sequenceNumber}`, eventName: 'aws:kinesis:record' },
    ...{ invokeIdentityArn: roleArn, awsRegion: region, eventSourceARN: arn },
  };
}

/**
 * What filters see of a record: of Kinesis the metadata and the decoded data, which must be JSON to be matched; of DynamoDB the record.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html, with-ddb-filtering.html
 */
export function describeForFilter(record: StreamRecord, source: StreamSource): object {
  const described = describeStreamRecord(record, source);
  if (record.kind === 'dynamodb' || !('kinesis' in described)) return described;
  const { data: _encoded, ...metadata } = described.kinesis as { readonly data: string };
  try {
    return { ...metadata, data: JSON.parse(Buffer.from(record.data).toString('utf8')) as unknown };
  } catch {
    return metadata;
  }
}

/** The members of a tumbling window's event. https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html */
export const describeWindow = (window: WindowRow, source: StreamSource, how: { readonly isFinal: boolean; readonly isEarly: boolean }): object => ({
  window: { start: toSeconds(window.startMs), end: toSeconds(window.endMs) },
  state: JSON.parse(window.state) as unknown,
  shardId: source.shardId,
  eventSourceARN: source.arn,
  isFinalInvokeForWindow: how.isFinal,
  isWindowTerminatedEarly: how.isEarly,
});

const toSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');

/**
 * How many of a batch's records a function has finished, by its answer: up to the lowest sequence number that it names, none when it does
 * not say it as it must. https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
 */
export function finishedBy(payload: Uint8Array, sequenceNumbers: readonly string[]): number {
  const answer = parseAnswer(payload);
  if (answer === undefined) return 0;
  const failures = answer['batchItemFailures'];
  if (failures === undefined || failures === null) return sequenceNumbers.length;
  if (!Array.isArray(failures)) return 0;
  let finished = sequenceNumbers.length;
  for (const failure of failures as readonly unknown[]) {
    const id: unknown = typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure ? failure.itemIdentifier : undefined;
    const index = typeof id === 'string' ? sequenceNumbers.indexOf(id) : -1;
    if (index < 0) return 0;
    finished = Math.min(finished, index);
  }
  return finished;
}

/** The state that a function returns in a window, as JSON text; undefined when it returns none, which is a failure. */
export function stateOf(payload: Uint8Array): string | undefined {
  const state = parseAnswer(payload)?.['state'];
  return typeof state === 'object' && state !== null && !Array.isArray(state) ? JSON.stringify(state) : undefined;
}

/** Undefined for an answer that is no object; an empty one stands for none. */
function parseAnswer(payload: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const answer: unknown = payload.length === 0 ? null : JSON.parse(Buffer.from(payload).toString('utf8'));
    if (answer === null) return {};
    return typeof answer === 'object' && !Array.isArray(answer) ? (answer as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** Sequence numbers are long decimal numbers. */
export const isAfter = (a: string, b: string): boolean => (a.length === b.length ? a > b : a.length > b.length);
