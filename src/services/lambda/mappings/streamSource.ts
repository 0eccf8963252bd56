// Streams as event sources: what a mapping needs of them, and what must be the case before it is made.
// https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html and services-dynamodb-eventsourcemapping.html
import { parseArn } from '../../../base/arn.ts';
import type { Clock } from '../../../base/clock.ts';
import type { RoleAccess } from '../../../framework/roleAccess.ts';
import type { StreamReaders } from '../../../ports/streamReader.ts';
import { streamBatchMax, recordAgeSecondsMin } from '../limits.ts';
import type { VersionRow } from '../store.ts';
import { mappingErrors } from './mappingErrors.ts';
import type { StreamMapping } from './mappingStore.ts';

export interface StreamSourceDeps {
  readonly clock: Clock;
  readonly roleAccess: RoleAccess;
}

const calls: Readonly<Record<string, readonly string[]>> = {
  kinesis: ['GetRecords', 'GetShardIterator', 'DescribeStream', 'ListShards'],
  dynamodb: ['GetRecords', 'GetShardIterator', 'DescribeStream', 'ListStreams'],
};

/** The service of a stream's ARN; undefined for any other ARN. */
export function streamServiceOf(arn: string): 'kinesis' | 'dynamodb' | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service === 'kinesis' && /^stream\/[\w.-]+$/.test(parsed.resource)) return 'kinesis';
  return parsed?.service === 'dynamodb' && /^table\/[^/]+\/stream\/[^/]+$/.test(parsed.resource) ? 'dynamodb' : undefined;
}

/** The first call that a function's role may not make on its stream. */
export async function findRefusedStreamCall(roleArn: string, sourceArn: string, region: string, { roleAccess, clock }: StreamSourceDeps): Promise<string | undefined> {
  const service = streamServiceOf(sourceArn) ?? '';
  for (const call of calls[service] ?? []) {
    // Its resource is no stream but all of them.
    const resource = call === 'ListStreams' ? '*' : sourceArn;
    if (!(await roleAccess({ roleArn, action: `${service}:${call}`, resource, nowMs: clock.now(), region }))) return call;
  }
  return undefined;
}

/** Throws when the settings of a stream's mapping do not fit together. */
export function requireStreamSettings({ sourceArn, batchSize, windowSeconds, stream }: StreamMapping): void {
  const service = streamServiceOf(sourceArn);
  if (stream.startingPosition === 'AT_TIMESTAMP') {
    if (service === 'dynamodb') throw mappingErrors.unsupportedStart(sourceArn);
    if (stream.startingTimestampMs === undefined) throw mappingErrors.timestampNeeded();
  } else if (stream.startingTimestampMs !== undefined) throw mappingErrors.timestampUnneeded();
  if (batchSize > streamBatchMax) throw mappingErrors.streamBatch(batchSize, streamBatchMax);
  if (stream.recordAgeSecondsMax !== undefined && stream.recordAgeSecondsMax < recordAgeSecondsMin) throw mappingErrors.recordAge(stream.recordAgeSecondsMax);
  if (stream.tumblingSeconds > 0 && windowSeconds > stream.tumblingSeconds) throw mappingErrors.windowOverTumbling();
}

/** Throws when a stream cannot feed this version. */
export async function requireStreamSource({ sourceArn, region }: StreamMapping, version: VersionRow, deps: StreamSourceDeps & { readonly streams: StreamReaders }): Promise<void> {
  const service = streamServiceOf(sourceArn) ?? '';
  if ((await findRefusedStreamCall(version.roleArn, sourceArn, region, deps)) !== undefined) throw mappingErrors.streamNotPermitted(sourceArn, calls[service] ?? []);
  const shards = parseArn(sourceArn)?.region === region ? await deps.streams.get(service)?.listShards(sourceArn) : undefined;
  if (shards === undefined) throw mappingErrors.noStream(sourceArn);
}
