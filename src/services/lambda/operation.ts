import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { BlobStore } from '../../blob/blobStore.ts';
import type { ObjectReader } from '../../framework/objectReader.ts';
import type { RoleAccess } from '../../framework/roleAccess.ts';
import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { Destinations } from '../../ports/destinationLookup.ts';
import type { Emitter } from '../../ports/outbox.ts';
import type { MissingRoles, RoleDirectory } from '../../ports/identity.ts';
import type { QueueReader } from '../../ports/queueReader.ts';
import type { StreamReaders } from '../../ports/streamReader.ts';
import type { Interpreter } from '../../sandbox/types.ts';
import type { Durable } from './durable/durable.ts';
import type { Fleet } from './environments/fleet.ts';
import type { FilterVault } from './mappings/filterVault.ts';
import type { PackageStore } from './packages/packageStore.ts';
import type { RuntimePreparation } from './runtimePreparation.ts';
import type { Snapshots } from './snapstart/snapshots.ts';
import type { VariableVault } from './variableVault.ts';

/** What this service needs of the blob store. */
export type LambdaBlobs = Pick<BlobStore, 'write' | 'filePath' | 'delete' | 'adopt' | 'discard'>;

/** What the operations work with. */
export interface LambdaContext {
  readonly store: Store;
  readonly blobs: LambdaBlobs;
  readonly packages: PackageStore;
  readonly fleet: Fleet;
  readonly snapshots: Pick<Snapshots, 'begin' | 'drop'>;
  readonly durable: Durable;
  /** Invocations of an account and region at once. */
  readonly accountConcurrency: number;
  /** Programs that could run functions on this host. */
  readonly interpreters: () => readonly Interpreter[];
  /** What has to be fetched before a runtime can run. */
  readonly runtimes: RuntimePreparation;
  readonly emitter: Emitter;
  /** Packages in buckets; absent where there is no S3. */
  readonly objects?: ObjectReader | undefined;
  readonly roles: RoleDirectory & MissingRoles;
  readonly roleAccess: RoleAccess;
  readonly queues: QueueReader;
  readonly destinations: Destinations;
  readonly streams: StreamReaders;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Code links are sealed with it. */
  readonly sealKey: Uint8Array;
  readonly variables: VariableVault;
  readonly filters: FilterVault;
  /** True while unknown keys are trusted: a role that does not exist is then a warning (design.md §6). */
  readonly localMode: boolean;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-lambda'), LambdaContext>();
