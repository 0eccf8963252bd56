// What Application Auto Scaling asks of services whose resources it scales: provisioned concurrency of functions, capacity of tables.

import type { ReadTransaction, Transaction } from '../kv/store.ts';

export interface ScalablePlace {
  readonly account: string;
  readonly region: string;
}

export interface ScalableState {
  readonly capacity: number;
  /** Whether that much is there already; `failed` with a reason when it will not come by itself. */
  readonly status: 'fulfilled' | 'pending' | 'failed';
  readonly reason?: string;
}

/** One scalable dimension of one service. `resourceId` is as in its API: `function:name:alias`. */
export interface ScalableResource {
  /** As in the API: `lambda`, and `lambda:function:ProvisionedConcurrency`. */
  readonly namespace: string;
  readonly dimension: string;
  /** What the answer names as RoleARN: `AWSServiceRoleForApplicationAutoScaling_<this>`. */
  readonly roleSuffix: string;
  /** What activities call it: `desired concurrency`. */
  readonly noun: string;
  /** The predefined metrics that a target tracking policy may follow, with the range that its target must be in. */
  readonly metrics: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
  /** Undefined when there is no such resource, or the id has not the form. */
  describe(tx: ReadTransaction, place: ScalablePlace, resourceId: string): Promise<ScalableState | undefined>;
  /** Sets it as part of `tx`. Throws the service's own `ServiceError`, before anything is written. */
  setCapacity(tx: Transaction, place: ScalablePlace, resourceId: string, capacity: number, nowMs: number): Promise<void>;
  /** The highest value of a metric within the minute that begins at `minuteMs`, product time; undefined when there is none. */
  peak(metric: string, place: ScalablePlace, resourceId: string, minuteMs: number): number | undefined;
}
