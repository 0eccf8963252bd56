import type { Random } from '../../base/random.ts';
import type { Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { setNewStream, streamNames } from './store.ts';
import type { StreamRow } from './store.ts';

export interface NewStream {
  readonly scope: Scope;
  readonly groupId: string;
  readonly streamName: string;
  readonly nowMs: number;
  readonly random: Random;
}

/** Makes an empty stream that the caller knows not to exist. */
export async function createStream(tx: Transaction, { scope, groupId, streamName, nowMs, random }: NewStream): Promise<StreamRow> {
  let id = 0;
  // Event ids have 48 bits for it; a number in use is drawn again.
  while (id === 0 || (await streamNames.get(tx, scope, [groupId, id]))) id = random.bytes(6).readUIntBE(0, 6);
  const stream = { id, createdAtMs: nowMs, nextSequence: 1 };
  setNewStream(tx, scope, groupId, streamName, stream);
  return stream;
}
