import type { Clock } from '../../base/clock.ts';
import type { Call } from '../../framework/context.ts';
import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { Timers } from '../../kv/timers.ts';
import type { TransitionDeps } from './alarms/transition.ts';
import type { RunningRecorder } from './recorder.ts';

/** What every operation of the service may use. */
export interface CloudWatchDeps extends TransitionDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly recorder: Pick<RunningRecorder, 'flush'>;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-cloudwatch'), CloudWatchDeps>();

export const scopeOf = ({ account, region }: Call): Scope => ({ account, region });
