import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { requireStream, streamNames } from './store.ts';

export interface StreamNames {
  /** Undefined for a stream that was deleted: its events no longer count. */
  find(streamId: number): Promise<string | undefined>;
  requireId(name: string): Promise<number>;
}

/** The names of a group's streams by id, each looked up once. */
export function createStreamNames(tx: ReadTransaction, scope: Scope, groupId: string): StreamNames {
  const known = new Map<number, Promise<string | undefined>>();
  return {
    find(streamId) {
      let name = known.get(streamId);
      if (!name) {
        name = streamNames.get(tx, scope, [groupId, streamId]).then((row) => row?.name);
        known.set(streamId, name);
      }
      return name;
    },
    requireId: async (name) => (await requireStream(tx, scope, groupId, name)).id,
  };
}
