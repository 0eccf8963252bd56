// A runtime whose interpreter this host lacks: it is fetched once, and functions that name it are Pending meanwhile. What is
// invoked nevertheless waits (DEVIATION: AWS refuses it), so that scripts without a waiter work.
import type { Sandbox } from '../../sandbox/types.ts';
import type { Moment } from './domain/configuration.ts';
import { runtimeKindOf } from './domain/runtimes.ts';

export type RuntimePreparation = Pick<Sandbox, 'prepare' | 'isPreparing'>;

/** Called when a function that names it was created or changed. */
export function prepareRuntime(id: string, runtimes: RuntimePreparation): void {
  const kind = runtimeKindOf(id);
  if (kind !== undefined) runtimes.prepare(kind);
}

/** Which moment of its life a stored function shows. */
export function momentOf(row: { readonly runtime: string }, runtimes: RuntimePreparation): Moment {
  const kind = runtimeKindOf(row.runtime);
  return kind !== undefined && runtimes.isPreparing(kind) ? 'being-created' : 'settled';
}
