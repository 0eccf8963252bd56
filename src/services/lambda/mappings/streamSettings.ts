// The settings that only streams have, as requests name them.
import type { CreateEventSourceMappingRequest, UpdateEventSourceMappingRequest } from '@aws-sdk/client-lambda';
import { mappingErrors } from './mappingErrors.ts';
import type { StreamSettings } from './mappingStore.ts';

type Given = Partial<CreateEventSourceMappingRequest & UpdateEventSourceMappingRequest>;

/** What the request says; what it leaves out is as before, or at AWS's default. */
export function streamSettingsOf(given: Given, old?: StreamSettings): StreamSettings {
  const startingPosition = old?.startingPosition ?? given.StartingPosition;
  if (startingPosition === undefined) throw mappingErrors.noStart();
  const startingTimestampMs = old === undefined ? given.StartingPositionTimestamp?.getTime() : old.startingTimestampMs;
  const retriesMax = unlimited(given.MaximumRetryAttempts, old?.retriesMax);
  const recordAgeSecondsMax = unlimited(given.MaximumRecordAgeInSeconds, old?.recordAgeSecondsMax);
  const onFailure = given.DestinationConfig === undefined ? old?.onFailure : given.DestinationConfig.OnFailure?.Destination;
  return {
    startingPosition,
    ...(startingTimestampMs === undefined ? {} : { startingTimestampMs }),
    parallelizationFactor: given.ParallelizationFactor ?? old?.parallelizationFactor ?? 1,
    ...(retriesMax === undefined ? {} : { retriesMax }),
    ...(recordAgeSecondsMax === undefined ? {} : { recordAgeSecondsMax }),
    bisects: given.BisectBatchOnFunctionError ?? old?.bisects ?? false,
    tumblingSeconds: given.TumblingWindowInSeconds ?? old?.tumblingSeconds ?? 0,
    ...(onFailure ? { onFailure } : {}),
  };
}

/** -1 takes a limit away. */
function unlimited(given: number | undefined, old: number | undefined): number | undefined {
  const value = given ?? old;
  return value === undefined || value < 0 ? undefined : value;
}

// What only queues and brokers have.
const foreign = ['ScalingConfig', 'ProvisionedPollerConfig', 'Topics', 'Queues', 'SourceAccessConfigurations', 'SelfManagedEventSource'] as const;

/** Throws for settings that streams do not have. */
export function refuseForeignSettings(given: Given): void {
  for (const setting of foreign) {
    const value: unknown = given[setting];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0) && !(typeof value === 'object' && value !== null && Object.values(value).every((member) => member === undefined))) {
      throw mappingErrors.notForStreams(setting);
    }
  }
}
