// How far event source mappings have come with their streams. Keys, below no account as the mappings themselves:
// mappingShards [account, region, uuid, shard] | windowStates [account, region, uuid, shard, lane, part] | mappedStreams [account, region, uuid] | mappingResults [account, region, uuid].
import { rangeLimitMax } from '../../../kv/limits.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import { defineTable } from '../../../kv/table.ts';
import type { Scope } from '../../../kv/table.ts';
import type { StreamPosition } from '../../../ports/streamReader.ts';
import { statePartBytes } from '../limits.ts';
import type { MappingRow } from './mappingStore.ts';

const shards = defineTable<ShardRow>('lambda', 'mappingShards');
const states = defineTable<{ readonly bytes: Uint8Array }>('lambda', 'windowStates');
const streams = defineTable<object>('lambda', 'mappedStreams');
const results = defineTable<{ readonly result: string }>('lambda', 'mappingResults');
const everywhere: Scope = { account: '', region: '' };

export interface ShardRow {
  readonly shardId: string;
  /** Everything up to here is done. */
  readonly position: StreamPosition;
  /** Everything is done, and its children's turn. */
  readonly isDone: boolean;
  /** With how many lanes it was read. */
  readonly lanes: number;
  /** What lanes have done beyond the position, and their windows; absent for those that have neither. */
  readonly progress: readonly (LaneProgress | undefined)[];
}

export interface LaneProgress {
  readonly after?: string;
  readonly window?: WindowSpan;
}

/** A tumbling window that has begun. */
export interface WindowSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/** The same with the JSON text of what the function keeps; that has rows of its own, because it may be long. */
export interface WindowRow extends WindowSpan {
  readonly state: string;
}

type Named = Pick<MappingRow, 'account' | 'region' | 'uuid'>;
const partsOf = ({ account, region, uuid }: Named): string[] => [account, region, uuid];

export const setShard = (tx: Transaction, mapping: Named, row: ShardRow): void => shards.set(tx, everywhere, [...partsOf(mapping), row.shardId], row);

export const clearShard = (tx: Transaction, mapping: Named, shardId: string): void => shards.clear(tx, everywhere, [...partsOf(mapping), shardId]);

export async function listShardRows(tx: ReadTransaction, mapping: Named): Promise<ShardRow[]> {
  const rows: ShardRow[] = [];
  for (let after: string | undefined; ; after = rows.at(-1)?.shardId) {
    const page = await shards.list(tx, everywhere, partsOf(mapping), { limit: rangeLimitMax, ...(after === undefined ? {} : { after: [...partsOf(mapping), after] }) });
    rows.push(...page.map(({ row }) => row));
    if (page.length < rangeLimitMax) return rows;
  }
}

/** Writes the state of a lane's window, or removes it. */
export function setWindowState(tx: Transaction, mapping: Named, shardId: string, lane: number, state: string | undefined): void {
  const parts = [...partsOf(mapping), shardId, lane];
  states.clearAll(tx, everywhere, parts);
  const bytes = Buffer.from(state ?? '');
  for (let part = 0; part * statePartBytes < bytes.length; part += 1) states.set(tx, everywhere, [...parts, part], { bytes: bytes.subarray(part * statePartBytes, (part + 1) * statePartBytes) });
}

export async function findWindowState(tx: ReadTransaction, mapping: Named, shardId: string, lane: number): Promise<string> {
  const parts = await states.list(tx, everywhere, [...partsOf(mapping), shardId, lane], { limit: rangeLimitMax });
  return Buffer.concat(parts.map(({ row }) => row.bytes)).toString('utf8') || '{}';
}

/** Whether the starting position has been applied: shards that appear later are read from their beginning. */
export const hasStarted = async (tx: ReadTransaction, mapping: Named): Promise<boolean> => (await streams.get(tx, everywhere, partsOf(mapping))) !== undefined;

export const setStarted = (tx: Transaction, mapping: Named): void => streams.set(tx, everywhere, partsOf(mapping), {});

export const findResult = async (tx: ReadTransaction, mapping: Named): Promise<string | undefined> => (await results.get(tx, everywhere, partsOf(mapping)))?.result;

export const setResult = (tx: Transaction, mapping: Named, result: string): void => results.set(tx, everywhere, partsOf(mapping), { result });

/** Forgets everything of a mapping that is gone. */
export function clearProgress(tx: Transaction, mapping: Named): void {
  shards.clearAll(tx, everywhere, partsOf(mapping));
  states.clearAll(tx, everywhere, partsOf(mapping));
  streams.clear(tx, everywhere, partsOf(mapping));
  results.clear(tx, everywhere, partsOf(mapping));
}
