import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda';
import { formatArn, parseArn } from '../../../base/arn.ts';
import { functionArn } from '../domain/functionName.ts';
import type { Place } from '../domain/functionName.ts';
import type { MappingRow, StreamSettings } from './mappingStore.ts';

export const mappingArn = ({ region, account }: Place, uuid: string): string =>
  formatArn({ service: 'lambda', region, account, resource: `event-source-mapping:${uuid}` });

/** What the ARN of a mapping names; undefined for anything else. */
export function parseMappingArn(text: string): (Place & { readonly uuid: string }) | undefined {
  const arn = parseArn(text);
  const uuid = arn?.service === 'lambda' ? /^event-source-mapping:([0-9a-f-]{36})$/.exec(arn.resource)?.[1] : undefined;
  return arn === undefined || uuid === undefined ? undefined : { account: arn.account, region: arn.region, uuid };
}

/** The answer that describes a mapping. */
export const describeMapping = (row: MappingRow, result?: string): EventSourceMappingConfiguration => ({
  UUID: row.uuid,
  EventSourceMappingArn: mappingArn(row, row.uuid),
  EventSourceArn: row.sourceArn,
  FunctionArn: functionArn(row, row.functionName, row.qualifier),
  BatchSize: row.batchSize,
  MaximumBatchingWindowInSeconds: row.windowSeconds,
  LastModified: new Date(row.modifiedAtMs),
  State: row.state,
  // The page of each source shows its own words for the same.
  StateTransitionReason: row.stream === undefined ? 'USER_INITIATED' : 'User action',
  ...(row.stream === undefined ? {} : { LastProcessingResult: 'No records processed' }),
  ...(result === undefined ? {} : { LastProcessingResult: result }),
  FunctionResponseTypes: row.reportsItemFailures ? ['ReportBatchItemFailures'] : [],
  ...(row.stream === undefined ? {} : describeStream(row.stream)),
  ...(row.filters.length === 0 ? {} : { FilterCriteria: { Filters: row.filters.map((Pattern) => ({ Pattern })) } }),
  ...(row.kmsKeyArn === undefined ? {} : { KMSKeyArn: row.kmsKeyArn }),
  ...(row.countsEvents === true ? { MetricsConfig: { Metrics: ['EventCount'] } } : {}),
  ...(row.provisionedPollers === undefined ? {} : { ProvisionedPollerConfig: { MinimumPollers: row.provisionedPollers.minimum, MaximumPollers: row.provisionedPollers.maximum } }),
  ...(row.maximumConcurrency === undefined ? {} : { ScalingConfig: { MaximumConcurrency: row.maximumConcurrency } }),
});

const describeStream = (stream: StreamSettings): EventSourceMappingConfiguration => ({
  StartingPosition: stream.startingPosition,
  ...(stream.startingTimestampMs === undefined ? {} : { StartingPositionTimestamp: new Date(stream.startingTimestampMs) }),
  ParallelizationFactor: stream.parallelizationFactor,
  MaximumRetryAttempts: stream.retriesMax ?? -1,
  MaximumRecordAgeInSeconds: stream.recordAgeSecondsMax ?? -1,
  BisectBatchOnFunctionError: stream.bisects,
  TumblingWindowInSeconds: stream.tumblingSeconds,
  DestinationConfig: { OnFailure: stream.onFailure === undefined ? {} : { Destination: stream.onFailure } },
});
