import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Recorder } from './recorder.ts';

/** What every operation of the service may use. */
export interface CloudTrailDeps {
  readonly store: Store;
  readonly recorder: Recorder;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-cloudtrail'), CloudTrailDeps>();
