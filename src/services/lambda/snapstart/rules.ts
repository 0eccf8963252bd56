// Who may have SnapStart, and what a version without its snapshot answers. https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
import { errors } from '../errors.ts';
import { snapStartEphemeralMegabytesMax } from '../limits.ts';
import type { VersionRow } from '../store.ts';

/** The guide, "Supported features and limitations": Java 11, Python 3.12, .NET 8 and later. */
const onAws = /^(java(1[1-9]|[2-9]\d)|python3\.(1[2-9]|[2-9]\d)|dotnet([89]|[1-9]\d))$/;

/** Throws when the function cannot have it on AWS, or has it there and not here. */
export function requireSnapStart({ runtime, ephemeralMegabytes }: Pick<VersionRow, 'runtime' | 'ephemeralMegabytes'>): void {
  if (!onAws.test(runtime)) throw errors.invalidParameter(`${runtime} is not supported for SnapStart enabled functions.`);
  if (!runtime.startsWith('python')) throw errors.notSupported(`SnapStart for ${runtime}`, 'Functions in Python (python3.12 and later) have it.');
  if (ephemeralMegabytes > snapStartEphemeralMegabytesMax) {
    throw errors.invalidParameter(`Ephemeral storage of ${ephemeralMegabytes} MB is not supported for SnapStart enabled functions. The maximum is ${snapStartEphemeralMegabytesMax} MB.`);
  }
}

/** Throws while the version's snapshot is being taken, and when it could not be. */
export function requireInvocable({ snapStart }: Pick<VersionRow, 'snapStart'>, arn: string): void {
  if (snapStart?.state === 'pending') throw errors.snapStartNotReady();
  if (snapStart?.state === 'failed') throw errors.versionFailed(arn);
}
