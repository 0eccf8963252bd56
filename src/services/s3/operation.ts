import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { BlobStore } from '../../blob/blobStore.ts';
import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Timers } from '../../kv/timers.ts';
import type { Encryption } from '../../ports/encryption.ts';
import type { EventBus } from '../../ports/eventBus.ts';
import type { Emitter } from '../../ports/outbox.ts';
import type { AccessLog } from './accessLog.ts';
import type { NotificationTargets } from './notificationTargets.ts';

/** What every operation of the service may use. */
export interface S3Deps {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly random: Random;
  /** Product time. */
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emitter: Emitter;
  /** Absent where there is no EventBridge. */
  readonly bus?: EventBus | undefined;
  readonly targets: NotificationTargets;
  readonly accessLog: AccessLog;
  /** Absent where there is no KMS. */
  readonly encryption?: Encryption | undefined;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-s3'), S3Deps>();
