// LMDB with `overlappingSync: false`: a commit writes the data pages, syncs, and only then the meta page through a descriptor that
// syncs by itself, so what is acknowledged survives a power cut without a repair step. The overlapping mode needs one, and is slower.
import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync, statfsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { open } from 'lmdb';
import type { RootDatabase, Transaction as LmdbTransaction } from 'lmdb';
import { InvariantError, NoSpaceError, UserFacingError } from '../../../base/errors.ts';
import type { Engine, EngineSnapshot, EngineWrite } from '../../engine.ts';
import type { Key, RangeOptions, Row, Value } from '../../store.ts';
import { nextKey } from '../../tuple.ts';
import { openDiskRoom } from './diskRoom.ts';

type Database = RootDatabase<Uint8Array, Uint8Array>;

const dataFile = 'data.mdb';
const draftFile = 'new.mdb';
/** Not to be derived from the machine: LMDB's key limit, and so what a data directory can hold, follows from it. */
const pageSize = 4096;
const clearChunkRows = 1_000;
const restoreHint = 'restore it from a backup, or choose another directory';
// lmdb/dependencies/lmdb/libraries/liblmdb/mdb.c: MDB_MAGIC and MDB_DATA_VERSION, behind the page's header.
const metaOffset = 24;
const metaMagic = 0xbeefc0de;
const metaVersion = 2;

/** Opens, or creates, the LMDB file in `folder`. What LMDB refuses to open is a {@link UserFacingError}. */
export async function openLmdbEngine(folder: string): Promise<Engine> {
  const db = await openOrExplain(folder);
  const room = await openDiskRoom(join(folder, dataFile), pageSize, () => usedBytes(db));

  function get(key: Key, transaction?: LmdbTransaction): Value | undefined {
    return transaction === undefined ? db.getBinary(key) : db.get(key, { transaction });
  }

  function range({ from, to, limit, reverse }: RangeOptions, transaction?: LmdbTransaction): Row[] {
    const bounds = reverse === true ? reversedBounds(from, to) : { start: lowestBound(from), end: to };
    const inTransaction = transaction === undefined ? {} : { transaction };
    const rows: Row[] = [];
    for (const { key, value } of db.getRange({ ...bounds, ...inTransaction, limit })) rows.push({ key, value });
    return rows;
  }

  function put({ key, to, value }: EngineWrite): void {
    // The batch as a whole reports success or failure; a single write's promise is a constant.
    if (value !== undefined) void db.put(key, value);
    else if (to === undefined) void db.remove(key);
    else clearRange(key, to);
  }

  // Between batches the file does not change, so what is read here is what the batch will find.
  function clearRange(from: Key, to: Key): void {
    let start = lowestBound(from);
    for (;;) {
      const keys = [...db.getKeys({ start, end: to, limit: clearChunkRows })];
      for (const key of keys) void db.remove(key);
      const last = keys[keys.length - 1];
      if (last === undefined || keys.length < clearChunkRows) return;
      start = nextKey(last);
    }
  }

  return {
    get: (key) => get(key),
    range: (options) => range(options),
    snapshot(): EngineSnapshot {
      const transaction = db.useReadTransaction();
      let released = false;
      return {
        get: (key) => get(key, transaction),
        range: (options) => range(options, transaction),
        release() {
          if (!released) transaction.done();
          released = true;
        },
      };
    },
    async commit(batch) {
      if (batch.length === 0) return;
      try {
        await room.reserve(batch);
        await db.batch(() => {
          for (const write of batch) put(write);
        });
      } catch (error) {
        throw await explainFailure(error, folder);
      } finally {
        // Reads share a transaction that is otherwise renewed once a turn: they must see this commit from now on.
        db.resetReadTxn();
      }
    },
    async backup(target) {
      await db.backup(join(target, dataFile), false);
      await verifyCopy(target);
    },
    async close() {
      await db.close();
      await room.close();
    },
  };
}

// The type says nothing of what getStats() answers: lmdb/src/env.cpp, EnvWrap::info.
function usedBytes(db: Database): number {
  const { lastPageNumber } = db.getStats() as { readonly lastPageNumber: number };
  return (lastPageNumber + 1) * pageSize;
}

async function openOrExplain(folder: string): Promise<Database> {
  const path = join(folder, dataFile);
  if (existsSync(join(folder, 'level'))) throw new UserFacingError(`the data directory ${folder} holds data of another engine`, restoreHint);
  if (!looksIntact(path)) throw new UserFacingError(`${path} is damaged or not a haneul data file`, restoreHint);
  try {
    if (!existsSync(path) || statSync(path).size === 0) await createDatabase(folder);
    return openDatabase(path, false);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (noSpace.test(text)) throw noSpaceLeft(folder);
    throw new UserFacingError(`cannot open the data directory ${folder}: ${text}`, restoreHint);
  }
}

// LMDB writes the first pages of a new file without syncing them, and a power cut may leave half of them, which it then refuses to
// open. So a new file is made under another name, and gets its own when it is whole and on the disk.
async function createDatabase(folder: string): Promise<void> {
  const draft = join(folder, draftFile);
  for (const left of [draft, `${draft}-lock`]) rmSync(left, { force: true });
  await openDatabase(draft, false).close();
  const file = openSync(draft, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, join(folder, dataFile));
  rmSync(`${draft}-lock`, { force: true });
}

/** Whether the file is new or begins with LMDB's two meta pages. lmdb-js crashes the process on anything else. */
function looksIntact(path: string): boolean {
  if (!existsSync(path) || statSync(path).size === 0) return true;
  const file = openSync(path, 'r');
  try {
    return [0, pageSize].every((pageStart) => {
      const head = Buffer.alloc(8);
      const complete = readSync(file, head, 0, 8, pageStart + metaOffset) === 8;
      return complete && head.readUInt32LE(0) === metaMagic && head.readUInt32LE(4) === metaVersion;
    });
  } finally {
    closeSync(file);
  }
}

function openDatabase(path: string, readOnly: boolean): Database {
  return open<Uint8Array, Uint8Array>({
    path,
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    // Batches are ours; and the one that lmdb-js makes of a turn holds a promise whose rejection nobody can handle.
    eventTurnBatching: false,
    maxReaders: 1_024,
    pageSize,
    readOnly,
  });
}

// LMDB has no empty key, and treats an empty bound as none.
function lowestBound(from: Key): Key {
  return from.length === 0 ? Buffer.from([0]) : from;
}

// LMDB's reverse range excludes neither end as ours does: it begins at `start`, inclusive, and ends at `end`, exclusive.
function reversedBounds(from: Key, to: Key): { start: Key; end: Key; reverse: true; exclusiveStart: true; inclusiveEnd: true } {
  return { start: to, end: lowestBound(from), reverse: true, exclusiveStart: true, inclusiveEnd: true };
}

async function explainFailure(error: unknown, folder: string): Promise<unknown> {
  const cause = await findCommitError(error);
  const text = cause instanceof Error ? cause.message : String(cause);
  if (noSpace.test(text) || (inputOutput.test(text) && freeBytes(folder) < nearlyFullBytes)) return noSpaceLeft(folder);
  return new InvariantError('the data directory could not be written', { folder, cause: text });
}

const noSpace = /no space left|disk quota exceeded/i;
// On file systems that copy what is written over, room that was made may still be missing. Then the write that fills the disk is a
// short one, which LMDB reports as an input/output error.
const inputOutput = /input\/output error/i;
const nearlyFullBytes = 64 * 1024 * 1024;

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function noSpaceLeft(folder: string): NoSpaceError {
  const hint = 'free some space: nothing that was acknowledged is lost, and writes go on as soon as there is room';
  return new NoSpaceError(`no space left for the data directory ${folder}`, hint);
}

// lmdb-js rejects at once and tells the reason in a second promise.
async function findCommitError(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    return await error.commitError;
  } catch (cause) {
    return cause;
  }
}

// lmdb-js has had copies that could not be read, so a backup counts only once it has been walked through.
async function verifyCopy(folder: string): Promise<void> {
  const { size } = await stat(join(folder, dataFile));
  const copy = openDatabase(join(folder, dataFile), true);
  try {
    let previous: Uint8Array | undefined;
    for (const { key, value } of copy.getRange({ start: Buffer.from([0]) })) {
      if (value === undefined || (previous !== undefined && Buffer.compare(previous, key) >= 0)) {
        throw new InvariantError('a backup is out of order', { folder, size });
      }
      previous = key;
    }
  } finally {
    await copy.close();
  }
}

