import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { BlobStore } from '../../blob/blobStore.ts';
import type { ObjectReader } from '../../framework/objectReader.ts';
import type { RoleAccess } from '../../framework/roleAccess.ts';
import type { BoundService } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Timers } from '../../kv/timers.ts';
import type { Encryption } from '../../ports/encryption.ts';
import type { EventBus } from '../../ports/eventBus.ts';
import type { ServiceObjects } from '../../ports/serviceObjects.ts';
import type { DeliveryTarget, Emitter } from '../../ports/outbox.ts';
import { createAccessLog } from './accessLog.ts';
import type { FindDestination } from '../../ports/destinationLookup.ts';
import { createReplicationTarget } from './replication.ts';
import { createLogDeliveryHandler } from './jobs/deliverLogs.ts';
import { createLifecycleHandler } from './jobs/lifecycle.ts';
import { createRestoreHandler } from './jobs/restore.ts';
import type { NotificationTargets } from './notificationTargets.ts';
import { createBucketTarget } from './objectWrites.ts';
import { createBucketLookup, createObjectReader } from './provides.ts';
import { createServiceObjects } from './serviceObjects.ts';
import { s3Service } from './service.ts';

export interface S3Options {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly timers: Timers;
  readonly emitter: Emitter;
  readonly bus?: EventBus | undefined;
  readonly targets: NotificationTargets;
  readonly encryption?: Encryption | undefined;
  /** Asked before a version is copied in the name of a role. */
  readonly roleAccess: RoleAccess;
}

export interface RunningS3 {
  readonly service: BoundService;
  /** For services that take files from buckets. */
  readonly objects: ObjectReader;
  /** Where versions to be replicated, and objects of other services, are delivered, for every bucket's ARN. */
  readonly eventTarget: DeliveryTarget;
  /** For services that put objects in their own name. */
  readonly serviceObjects: ServiceObjects;
  /** Asked by services that put objects for their users. */
  readonly findDestination: FindDestination;
}

/** The whole of S3. To be made before the timers start. */
export function createS3(options: S3Options): RunningS3 {
  const handlers = new Map([['lifecycle', createLifecycleHandler(options)], ['log', createLogDeliveryHandler(options)], ['restore', createRestoreHandler(options)]]);
  options.timers.handle('s3', async (tx, timer) => await handlers.get(timer.id.split('/')[0] ?? '')?.(tx, timer));
  const deps = { ...options, accessLog: createAccessLog(options) };
  return { service: s3Service.bind(deps), objects: createObjectReader(deps), serviceObjects: createServiceObjects(deps), eventTarget: createBucketTarget(deps, createReplicationTarget(deps)), findDestination: createBucketLookup(deps) };
}
