import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Call } from '../../framework/context.ts';
import type { RoleAccess } from '../../framework/roleAccess.ts';
import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { ApiDestinations } from '../../ports/apiDestination.ts';
import type { FunctionInvoker } from '../../ports/functionInvoker.ts';
import type { RoleDirectory } from '../../ports/identity.ts';
import type { LogSink } from '../../ports/logSink.ts';
import type { Emitter, TargetDirectory } from '../../ports/outbox.ts';
import type { QueueReader } from '../../ports/queueReader.ts';
import type { PipeName } from './domain/names.ts';
import { errors } from './errors.ts';
import { findPipe, type PipeRow } from './store.ts';

/** What the service is given. */
export interface PipesDeps {
  readonly store: Store;
  /** Product time. */
  readonly clock: Clock;
  readonly wall: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly emitter: Emitter;
  readonly roles: Pick<RoleDirectory, 'findRole' | 'trustsService'>;
  readonly roleAccess: RoleAccess;
  readonly queues: QueueReader;
  readonly invoker: FunctionInvoker;
  readonly apiDestinations: ApiDestinations;
  readonly logs: LogGroups;
  /** Everything that a pipe's target can be. */
  readonly directory: TargetDirectory;
}

export interface LogGroups {
  readonly sink: LogSink;
  exists(scope: Scope, logGroupName: string): Promise<boolean>;
}

export const ownPrincipal = 'pipes.amazonaws.com';

export const operation = operationsOf<typeof import('@aws-sdk/client-pipes'), PipesDeps>();

export const nameOf = ({ Name = '' }: { Name?: string | undefined }, { account, region }: Call): PipeName => ({ account, region, name: Name });

export async function requirePipe(tx: ReadTransaction, name: PipeName): Promise<PipeRow> {
  const row = await findPipe(tx, name);
  if (!row) throw errors.missing(name.name);
  return row;
}
