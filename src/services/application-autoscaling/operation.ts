import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Timers } from '../../kv/timers.ts';
import type { ScalableResource } from '../../ports/scalableResource.ts';

/** What every operation of the service may use. */
export interface ApplicationAutoscalingDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  /** What can be scaled. */
  readonly resources: readonly ScalableResource[];
}

export const operation = operationsOf<typeof import('@aws-sdk/client-application-auto-scaling'), ApplicationAutoscalingDeps>();
