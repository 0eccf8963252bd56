// What is told of records of a stream that were given up. https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html and services-dynamodb-errors.html
import { parseArn } from '../../../base/arn.ts';
import type { Random } from '../../../base/random.ts';
import { uuid } from '../../../base/ids.ts';
import { encodeObjectWrite } from '../../../ports/objectWrite.ts';
import type { StreamRecord } from '../../../ports/streamReader.ts';
import { encodeForDestination, formatObjectTime } from '../invocations/destinations.ts';
import type { Discarded, Run } from './streamBatch.ts';

export interface StreamFailure {
  readonly mapping: string;
  readonly functionArn: string;
  readonly streamArn: string;
  readonly shardId: string;
  readonly records: readonly StreamRecord[];
  readonly why: Discarded;
  readonly invokes: number;
  readonly last: Run | undefined;
  /** What the function was given, as JSON text: buckets get it too. */
  readonly event: string;
  readonly nowMs: number;
}

/** The payload of the envelope for a destination. */
export function encodeFailure(destination: string, failure: StreamFailure, random: Random): Uint8Array {
  const record = recordOf(failure);
  if (parseArn(destination)?.service !== 's3') return encodeForDestination(destination, JSON.stringify(record));
  const key = `aws/lambda/${failure.mapping}/${failure.shardId}/${formatObjectTime(failure.nowMs)}-${uuid(random)}`;
  return encodeObjectWrite({ key, contentType: 'application/json', body: Buffer.from(JSON.stringify({ ...record, payload: failure.event })) });
}

function recordOf({ functionArn, streamArn, shardId, records, why, invokes, last, nowMs }: StreamFailure): object {
  const [first, final] = [records[0], records.at(-1)];
  const info = {
    shardId,
    startSequenceNumber: first?.sequenceNumber,
    endSequenceNumber: final?.sequenceNumber,
    approximateArrivalOfFirstRecord: toTime(first?.arrivedAtMs),
    approximateArrivalOfLastRecord: toTime(final?.arrivedAtMs),
    batchSize: records.length,
    streamArn,
  };
  return {
    requestContext: { requestId: last?.requestId ?? '', functionArn, condition: why, approximateInvokeCount: invokes },
    ...(last === undefined ? {} : { responseContext: { statusCode: 200, executedVersion: last.version, functionError: last.result.failed ? 'Unhandled' : null } }),
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    [first?.kind === 'dynamodb' ? 'DDBStreamBatchInfo' : 'KinesisBatchInfo']: info,
  };
}

const toTime = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString());
