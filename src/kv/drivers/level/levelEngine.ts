// LevelDB under the same seam: the way out should LMDB's binding ever fail us, kept open by the suite. Its iterators are asynchronous and
// the seam's ranges are not, so the keys (not the values) are also held in memory: about 150 bytes each. Not a dependency of the product.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { InvariantError, UserFacingError } from '../../../base/errors.ts';
import type { Engine, EngineSnapshot, EngineWrite } from '../../engine.ts';
import { keyText } from '../../keyText.ts';
import { mergeRange, patchesIn } from '../../mergeRange.ts';
import { OrderedMap } from '../../orderedMap.ts';
import type { Key, RangeOptions, Row, Value } from '../../store.ts';

type Database = ClassicLevel<Uint8Array, Uint8Array>;
type DatabaseSnapshot = ReturnType<Database['snapshot']>;
type Operation = { readonly type: 'put'; readonly key: Key; readonly value: Value } | { readonly type: 'del'; readonly key: Key };

/** What a row of the index was before; only whether there was one counts. */
interface KeyPatch {
  readonly key: Key;
  readonly value: Value | undefined;
}

const encodings = { keyEncoding: 'view', valueEncoding: 'view' } as const;
const copyRows = 500;
const present = new Uint8Array(0);

/** Opens, or creates, the database in `folder`. */
export async function openLevelEngine(folder: string): Promise<Engine> {
  const db = await openDatabase(folder);
  const index = new OrderedMap<Key>();
  for await (const key of db.keys()) index.set(keyText(key), key);
  const undoLogs = new Set<OrderedMap<KeyPatch>>();
  // Everybody reads from the database as it was after the last commit that has been acknowledged, as the index does.
  let current = share(db.snapshot());

  function readKeys({ from, to, limit, reverse }: RangeOptions): Row[] {
    const rows: Row[] = [];
    index.scan(keyText(from), keyText(to), reverse === true, (_text, key) => rows.push({ key, value: present }) < limit);
    return rows;
  }

  function get(key: Key, at: DatabaseSnapshot): Value | undefined {
    return db.getSync(key, { snapshot: at });
  }

  function valuesOf(keys: readonly Row[], at: DatabaseSnapshot): Row[] {
    return keys.map(({ key }) => {
      const value = get(key, at);
      if (value === undefined) throw new InvariantError('a key of the index is not in the database', { key: Buffer.from(key).toString('hex') });
      return { key, value };
    });
  }

  function snapshot(): EngineSnapshot {
    const held = current;
    const undo = new OrderedMap<KeyPatch>();
    let released = false;
    held.users += 1;
    undoLogs.add(undo);
    return {
      get: (key) => get(key, held.snapshot),
      range: (options) => valuesOf(mergeRange(readKeys, patchesIn(undo, keyText(options.from), keyText(options.to)), options), held.snapshot),
      release() {
        if (released) return;
        released = true;
        undoLogs.delete(undo);
        release(held);
      },
    };
  }

  function apply(text: string, operation: Operation): void {
    const { key } = operation;
    for (const undo of undoLogs) {
      if (undo.get(text) === undefined) undo.set(text, { key, value: index.get(text) === undefined ? undefined : present });
    }
    if (operation.type === 'put') index.set(text, key);
    else index.delete(text);
  }

  return {
    get: (key) => get(key, current.snapshot),
    range: (options) => valuesOf(readKeys(options), current.snapshot),
    snapshot,
    async commit(batch) {
      const operations = resolveBatch(batch, index);
      try {
        await db.batch([...operations.values()], { sync: true });
      } catch (error) {
        throw new InvariantError('the data directory could not be written', { folder, cause: String(error) });
      }
      for (const [text, operation] of operations) apply(text, operation);
      release(current);
      current = share(db.snapshot());
    },
    async backup(target) {
      const from = snapshot();
      try {
        await copyInto(target, from, [...keysOf(index)]);
      } finally {
        from.release();
      }
    },
    async close() {
      release(current);
      await db.close();
    },
  };
}

async function openDatabase(folder: string): Promise<Database> {
  const path = join(folder, 'level');
  await mkdir(path, { recursive: true, mode: 0o700 });
  const db: Database = new ClassicLevel(path, encodings);
  try {
    await db.open();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new UserFacingError(`cannot open the data directory ${folder}: ${cause}`, 'restore it from a backup, or choose another directory');
  }
  return db;
}

/** The last operation on each key, with range clears as the keys that they clear. */
function resolveBatch(batch: readonly EngineWrite[], index: OrderedMap<Key>): Map<string, Operation> {
  const operations = new Map<string, Operation>();
  for (const { key, to, value } of batch) {
    if (value !== undefined) operations.set(keyText(key), { type: 'put', key, value });
    else if (to === undefined) operations.set(keyText(key), { type: 'del', key });
    else {
      const [fromText, toText] = [keyText(key), keyText(to)];
      for (const [text, { key: written }] of operations) if (fromText <= text && text < toText) operations.set(text, { type: 'del', key: written });
      index.scan(fromText, toText, false, (text, stored) => {
        operations.set(text, { type: 'del', key: stored });
        return true;
      });
    }
  }
  return operations;
}

function* keysOf(index: OrderedMap<Key>): Generator<Key> {
  const keys: Key[] = [];
  index.scan('', '\u0100', false, (_text, key) => keys.push(key) > 0);
  yield* keys;
}

async function copyInto(target: string, from: EngineSnapshot, keys: readonly Key[]): Promise<void> {
  const copy = await openDatabase(target);
  try {
    for (let at = 0; at < keys.length; at += copyRows) {
      const operations: Operation[] = [];
      for (const key of keys.slice(at, at + copyRows)) {
        const value = from.get(key);
        if (value !== undefined) operations.push({ type: 'put', key, value });
      }
      await copy.batch(operations, { sync: true });
    }
  } finally {
    await copy.close();
  }
}

interface SharedSnapshot {
  readonly snapshot: DatabaseSnapshot;
  users: number;
}

function share(snapshot: DatabaseSnapshot): SharedSnapshot {
  return { snapshot, users: 1 };
}

function release(shared: SharedSnapshot): void {
  shared.users -= 1;
  if (shared.users === 0) void shared.snapshot.close();
}
