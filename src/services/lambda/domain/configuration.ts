// The answer that describes one version of a function.
import type { FunctionConfiguration, LastUpdateStatusReasonCode } from '@aws-sdk/client-lambda';
import { latest } from '../store.ts';
import type { VersionRow } from '../store.ts';
import { functionArn } from './functionName.ts';
import type { Place } from './functionName.ts';
import { describeLogging } from './logging.ts';
import { runtimeVersionOf } from './runtimes.ts';
import { openVariables } from './seal.ts';

export interface Described {
  readonly place: Place;
  readonly name: string;
  readonly row: VersionRow;
  /** As the caller wrote it; decides which ARN is answered. */
  readonly qualifier: string | undefined;
}

/** Which moment of a function's life the answer shows. Here every change is complete when it is answered; AWS answers the first moment. */
export type Moment = 'being-created' | 'being-updated' | 'settled';

/** Everything GetFunctionConfiguration tells. */
export function describeVersion(described: Described, sealKey: Uint8Array, moment: Moment = 'settled'): FunctionConfiguration {
  return {
    ...describeListed(described, sealKey),
    RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionOf(described.row.runtime, described.place.region).arn },
    ...statesOf(moment),
  };
}

/** What lists tell: API reference, ListFunctions, "returns a subset of the FunctionConfiguration fields". */
export function describeListed({ place, name, row, qualifier }: Described, sealKey: Uint8Array): FunctionConfiguration {
  const variables = row.sealedVariables === undefined ? undefined : openVariables(row.sealedVariables, functionArn(place, name), sealKey);
  return {
    FunctionName: name,
    FunctionArn: functionArn(place, name, qualifier ?? (row.version === latest ? undefined : row.version)),
    Runtime: row.runtime as NonNullable<FunctionConfiguration['Runtime']>,
    Role: row.roleArn,
    Handler: row.handler,
    CodeSize: row.code.zippedBytes,
    Description: row.description,
    Timeout: row.timeoutSeconds,
    MemorySize: row.memoryMegabytes,
    LastModified: formatModified(row.modifiedAtMs),
    CodeSha256: Buffer.from(row.code.sha256, 'hex').toString('base64'),
    Version: row.version,
    ...(variables === undefined ? {} : { Environment: { Variables: Object.fromEntries(variables) } }),
    ...(row.deadLetterArn === undefined ? {} : { DeadLetterConfig: { TargetArn: row.deadLetterArn } }),
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId: row.revisionId,
    PackageType: 'Zip',
    Architectures: [row.architecture],
    EphemeralStorage: { Size: row.ephemeralMegabytes },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: describeLogging(row.logGroupName, row.logging),
  };
}

function statesOf(moment: Moment): Partial<FunctionConfiguration> {
  if (moment === 'being-created') return { State: 'Pending', StateReason: 'The function is being created.', StateReasonCode: 'Creating' };
  if (moment === 'settled') return { State: 'Active', LastUpdateStatus: 'Successful' };
  return {
    State: 'Active',
    LastUpdateStatus: 'InProgress',
    LastUpdateStatusReason: 'The function is being created.',
    // As AWS answers, though its own list of values has no such code.
    LastUpdateStatusReasonCode: 'Creating' as LastUpdateStatusReasonCode,
  };
}

/** `2025-01-01T00:00:00.000+0000`: this service's own form. */
export const formatModified = (ms: number): string => new Date(ms).toISOString().replace('Z', '+0000');
