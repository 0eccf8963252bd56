import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import type { Call } from '../../framework/context.ts';
import type { RoleAccess } from '../../framework/roleAccess.ts';
import { operationsOf } from '../../framework/service.ts';
import type { ReadTransaction, Store } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { Timers } from '../../kv/timers.ts';
import type { ApiCaller } from '../../ports/apiCaller.ts';
import type { FunctionAccess } from '../../ports/functionAccess.ts';
import type { RoleDirectory } from '../../ports/identity.ts';
import type { Emitter, TargetDirectory } from '../../ports/outbox.ts';
import { defaultGroup } from './domain/names.ts';
import { errors } from './errors.ts';
import { type GroupRow, groups } from './store.ts';

/** What every operation of the service may use. */
export interface SchedulerDeps {
  readonly store: Store;
  /** Product time. */
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly emitter: Emitter;
  readonly log: Logger;
  /** Everything that a schedule's target can be. */
  readonly directory: TargetDirectory;
  readonly functions: FunctionAccess;
  readonly roles: Pick<RoleDirectory, 'findRole' | 'trustsService'>;
  readonly roleAccess: RoleAccess;
  /** For universal targets. */
  readonly api: ApiCaller;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-scheduler'), SchedulerDeps>();

export const scopeOf = ({ account, region }: Call): Scope => ({ account, region });

export function nowOf({ clock }: { readonly clock: Clock }): number {
  return Math.floor(clock.now());
}

/** The default group is there without a row. */
export async function findGroup(tx: ReadTransaction, scope: Scope, name: string): Promise<GroupRow | undefined> {
  const row = await groups.get(tx, scope, [name]);
  return row ?? (name === defaultGroup ? { createdAtMs: 0, modifiedAtMs: 0, tags: {} } : undefined);
}

export async function requireGroup(tx: ReadTransaction, scope: Scope, name: string): Promise<GroupRow> {
  const row = await findGroup(tx, scope, name);
  if (!row) throw errors.groupMissing(name);
  return row;
}

/** A page of what is listed by name: begins behind the names in the token. */
export function readToken(token: string | undefined): readonly string[] | undefined {
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (text === '' || makeToken(text.split('/')) !== token) throw errors.validation('Invalid NextToken.');
  return text.split('/');
}

export const makeToken = (names: readonly string[]): string => Buffer.from(names.join('/'), 'utf8').toString('base64url');
