// What DescribeSecret and ListSecrets tell of a secret.
import { versionsToStages } from './domain/stages.ts';
import { formatTags } from './domain/tags.ts';
import type { RotationRules } from './domain/types.ts';
import type { FoundSecret } from './lookup.ts';

/** The members that both answers have. */
export function formatSecret({ secret, name, arn }: FoundSecret) {
  const { rotation, tags } = secret;
  return {
    ARN: arn,
    Name: name,
    ...(secret.description === undefined ? {} : { Description: secret.description }),
    ...(secret.kmsKeyId === undefined ? {} : { KmsKeyId: secret.kmsKeyId }),
    ...(rotation === undefined ? {} : { RotationEnabled: rotation.enabled }),
    ...(rotation?.functionArn === undefined ? {} : { RotationLambdaARN: rotation.functionArn }),
    ...(rotation?.rules === undefined ? {} : { RotationRules: formatRules(rotation.rules) }),
    ...optionalDate('LastRotatedDate', rotation?.rotatedAtMs),
    LastChangedDate: new Date(secret.changedAtMs),
    ...optionalDate('LastAccessedDate', secret.accessedAtMs),
    ...optionalDate('DeletedDate', secret.deletesAtMs),
    ...(rotation?.enabled ? optionalDate('NextRotationDate', rotation.nextAtMs) : {}),
    ...(tags === undefined ? {} : { Tags: formatTags(tags) }),
    CreatedDate: new Date(secret.createdAtMs),
    ...(secret.primaryRegion === undefined ? {} : { PrimaryRegion: secret.primaryRegion }),
  };
}

/** Version ids with their labels; undefined for a secret without any. */
export function formatStages({ secret }: FoundSecret): Record<string, string[]> | undefined {
  return Object.keys(secret.stages).length === 0 ? undefined : versionsToStages(secret.stages);
}

function formatRules({ automaticallyAfterDays, duration, scheduleExpression }: RotationRules) {
  return {
    ...(automaticallyAfterDays === undefined ? {} : { AutomaticallyAfterDays: automaticallyAfterDays }),
    ...(duration === undefined ? {} : { Duration: duration }),
    ...(scheduleExpression === undefined ? {} : { ScheduleExpression: scheduleExpression }),
  };
}

function optionalDate<Name extends string>(name: Name, ms: number | undefined): Partial<Record<Name, Date>> {
  return ms === undefined ? {} : ({ [name]: new Date(ms) } as Record<Name, Date>);
}
