import type { Place } from '../domain/functionName.ts';
import type { VersionRow } from '../store.ts';

/** One version of a function as it is now: everything its environments are started from. */
export interface Deployment {
  readonly place: Place;
  readonly name: string;
  readonly row: VersionRow;
  /** Whom its environments serve, where each serves one. */
  readonly tenantId?: string | undefined;
}

/** What the environments of a version are kept under; the same for all its deployments. */
export const versionKey = (place: Place, name: string, version: string): string => `${place.account}/${place.region}/${name}/${version}`;

/** Why an environment is initialised: for an invocation that waits, or ahead. As AWS_LAMBDA_INITIALIZATION_TYPE says it. */
export type InitializationType = 'on-demand' | 'provisioned-concurrency' | 'snap-start';
