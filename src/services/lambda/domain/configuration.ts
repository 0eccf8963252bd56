// The answer that describes one version of a function.
import type { EnvironmentResponse, FunctionConfiguration, LastUpdateStatusReasonCode } from '@aws-sdk/client-lambda';
import type { Deployment } from '../environments/deployment.ts';
import { latest } from '../store.ts';
import type { VersionRow } from '../store.ts';
import { functionArn } from './functionName.ts';
import { describeLogging } from './logging.ts';
import { runtimeVersionOf } from './runtimes.ts';

export interface Described extends Deployment {
  /** As the caller wrote it; decides which ARN is answered. */
  readonly qualifier: string | undefined;
}

/** Which moment of a function's life the answer shows. Here every change is complete when it is answered; AWS answers the first moment. */
export type Moment = 'being-created' | 'being-updated' | 'settled';

/** What is told of a version's variables; it depends on who asks. */
export type ShowVariables = (deployment: Deployment) => Promise<EnvironmentResponse | undefined>;

/** Everything GetFunctionConfiguration tells. */
export async function describeVersion(described: Described, show: ShowVariables, moment: Moment = 'settled'): Promise<FunctionConfiguration> {
  return {
    ...(await describeListed(described, show)),
    RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionOf(described.row.runtime, described.place.region).arn },
    ...(snapshotStateOf(described.row.snapStart) ?? statesOf(moment)),
  };
}

/** What lists tell: API reference, ListFunctions, "returns a subset of the FunctionConfiguration fields". */
export async function describeListed({ place, name, row, qualifier }: Described, show: ShowVariables): Promise<FunctionConfiguration> {
  const environment = await show({ place, name, row });
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
    ...(environment === undefined ? {} : { Environment: environment }),
    ...(row.kmsKeyArn === undefined ? {} : { KMSKeyArn: row.kmsKeyArn }),
    ...(row.deadLetterArn === undefined ? {} : { DeadLetterConfig: { TargetArn: row.deadLetterArn } }),
    TracingConfig: { Mode: row.tracing ?? 'PassThrough' },
    ...(row.layers === undefined ? {} : { Layers: row.layers.map(({ arn, code }) => ({ Arn: arn, CodeSize: code?.zippedBytes ?? 0 })) }),
    ...(row.tenancy === undefined ? {} : { TenancyConfig: { TenantIsolationMode: row.tenancy } }),
    ...(row.durable === undefined ? {} : { DurableConfig: { ExecutionTimeout: row.durable.timeoutSeconds, RetentionPeriodInDays: row.durable.retentionDays } }),
    RevisionId: row.revisionId,
    PackageType: 'Zip',
    Architectures: [row.architecture],
    EphemeralStorage: { Size: row.ephemeralMegabytes },
    SnapStart: { ApplyOn: row.snapStart === undefined ? 'None' : 'PublishedVersions', OptimizationStatus: row.snapStart?.state === 'on' ? 'On' : 'Off' },
    LoggingConfig: describeLogging(row.logGroupName, row.logging),
  };
}

/** Of a version whose snapshot is not there yet, or could not be taken: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html */
function snapshotStateOf(snapStart: VersionRow['snapStart']): Partial<FunctionConfiguration> | undefined {
  if (snapStart?.state === 'pending') return { State: 'Pending', StateReason: 'The function is being created.', StateReasonCode: 'Creating' };
  if (snapStart?.state !== 'failed') return undefined;
  const { reason = '', reasonCode = 'FunctionError' } = snapStart;
  return { State: 'Failed', StateReason: reason, StateReasonCode: reasonCode as NonNullable<FunctionConfiguration['StateReasonCode']> };
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
