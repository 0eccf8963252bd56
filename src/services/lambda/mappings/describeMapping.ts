import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda';
import { formatArn, parseArn } from '../../../base/arn.ts';
import { functionArn } from '../domain/functionName.ts';
import type { Place } from '../domain/functionName.ts';
import type { MappingRow } from './mappingStore.ts';

export const mappingArn = ({ region, account }: Place, uuid: string): string =>
  formatArn({ service: 'lambda', region, account, resource: `event-source-mapping:${uuid}` });

/** What the ARN of a mapping names; undefined for anything else. */
export function parseMappingArn(text: string): (Place & { readonly uuid: string }) | undefined {
  const arn = parseArn(text);
  const uuid = arn?.service === 'lambda' ? /^event-source-mapping:([0-9a-f-]{36})$/.exec(arn.resource)?.[1] : undefined;
  return arn === undefined || uuid === undefined ? undefined : { account: arn.account, region: arn.region, uuid };
}

/** The answer that describes a mapping. */
export const describeMapping = (row: MappingRow): EventSourceMappingConfiguration => ({
  UUID: row.uuid,
  EventSourceMappingArn: mappingArn(row, row.uuid),
  EventSourceArn: row.sourceArn,
  FunctionArn: functionArn(row, row.functionName, row.qualifier),
  BatchSize: row.batchSize,
  MaximumBatchingWindowInSeconds: row.windowSeconds,
  LastModified: new Date(row.modifiedAtMs),
  State: row.state,
  StateTransitionReason: 'USER_INITIATED',
  FunctionResponseTypes: row.reportsItemFailures ? ['ReportBatchItemFailures'] : [],
  ...(row.filters.length === 0 ? {} : { FilterCriteria: { Filters: row.filters.map((Pattern) => ({ Pattern })) } }),
  ...(row.maximumConcurrency === undefined ? {} : { ScalingConfig: { MaximumConcurrency: row.maximumConcurrency } }),
});
