// What the answers tell of parameters.
import type { VersionRow } from './store.ts';
import { defaultKeyId } from './values.ts';

interface Shown {
  readonly name: string;
  readonly arn: string;
  readonly version: VersionRow;
  readonly value: string;
  readonly selector?: string | undefined;
}

/** A `Parameter`, as the operations that get values answer it. */
export function formatParameter({ name, arn, version, value, selector }: Shown) {
  return {
    Name: name,
    Type: version.type,
    Value: value,
    Version: version.version,
    ...(selector === undefined ? {} : { Selector: `:${selector}` }),
    LastModifiedDate: new Date(version.modifiedAtMs),
    ARN: arn,
    DataType: version.dataType,
  };
}

/** What DescribeParameters and GetParameterHistory tell of a version besides its value. */
export function formatMetadata(name: string, version: VersionRow) {
  return {
    Name: name,
    Type: version.type,
    ...(version.type === 'SecureString' ? { KeyId: version.keyId ?? defaultKeyId } : {}),
    LastModifiedDate: new Date(version.modifiedAtMs),
    LastModifiedUser: version.modifiedBy,
    ...(version.description === undefined ? {} : { Description: version.description }),
    ...(version.allowedPattern === undefined ? {} : { AllowedPattern: version.allowedPattern }),
    Version: version.version,
    Tier: version.tier,
    Policies: (version.policies ?? []).map(({ type, text, done }) => ({ PolicyText: text, PolicyType: type, PolicyStatus: done ? 'Finished' : 'Pending' })),
    DataType: version.dataType,
  };
}
