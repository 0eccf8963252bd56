// What a disk may hold after the power has failed: everything that was synced, and of the rest any part. A write that nobody synced may be
// there, or not, or some of its sectors; so may those after it. A new name is there once its folder has been synced; before that the
// changes of a folder are there up to some point.
import type { Random } from '../../src/base/random.ts';
import { dirname } from 'node:path';
import type { DiskEvent } from './record.ts';

type Change = { readonly offset: number; readonly bytes: Buffer } | { readonly length: number };

interface FileBody {
  durable: Buffer<ArrayBuffer>;
  /** In the order in which they were made. */
  pending: Change[];
}

interface NameChange {
  readonly folder: string;
  readonly path: string;
  /** Undefined when the name was removed. */
  readonly body: FileBody | undefined;
}

export interface DiskRules {
  /** A disk that says it has synced and has not: the control that shows that the test can fail. */
  readonly syncsNothing?: boolean;
  /** As on ext4, any sync keeps all changes of names before it. POSIX promises those of a folder for the folder's sync only. */
  readonly journalled?: boolean;
}

const sectorBytes = 512;

export class DiskModel {
  private readonly rules: DiskRules;
  /** What running programs see. */
  private readonly names = new Map<string, FileBody>();
  private readonly durableNames = new Map<string, FileBody>();
  private nameChanges: NameChange[] = [];
  private readonly open = new Map<number, { readonly body: FileBody; readonly path: string; readonly folder: boolean }>();

  constructor(rules: DiskRules) {
    this.rules = rules;
  }

  apply(event: DiskEvent): void {
    switch (event.kind) {
      case 'open':
        return this.openFile(event);
      case 'write':
        return this.write(event);
      case 'truncate':
        return void this.open.get(event.file)?.body.pending.push({ length: event.length });
      case 'sync':
        return this.sync(event.file);
      case 'rename':
      case 'link': {
        const body = this.names.get(event.from);
        if (body !== undefined) this.changeName(event.to, body);
        if (event.kind === 'rename') this.changeName(event.from, undefined);
        return;
      }
      case 'unlink':
        return this.changeName(event.path, undefined);
      case 'said':
    }
  }

  /** The files as running programs see them. */
  current(): Map<string, Buffer> {
    return new Map([...this.names].map(([path, body]) => [path, contentOf(body, () => 'kept')]));
  }

  /** One of the states that may be found after a power cut at this moment. */
  afterPowerCut(random: Random): Map<string, Buffer> {
    const names = new Map(this.durableNames);
    const keptChanges = Math.floor(random.fraction() * (this.nameChanges.length + 1));
    for (const { path, body } of this.nameChanges.slice(0, keptChanges)) {
      if (body === undefined) names.delete(path);
      else names.set(path, body);
    }
    // Nothing, everything, or anything between: the extremes are where mistakes show first.
    const keepChance = [0, 1, 0.5, random.fraction()][Math.floor(random.fraction() * 4)] ?? 0;
    const fate = (): Fate => (random.fraction() < keepChance ? 'kept' : random.fraction() < 0.3 ? 'torn' : 'lost');
    return new Map([...names].map(([path, body]) => [path, contentOf(body, fate, random)]));
  }

  private openFile({ file, path, created, folder, cut }: Extract<DiskEvent, { kind: 'open' }>): void {
    let body = this.names.get(path);
    if (body === undefined) {
      body = { durable: Buffer.alloc(0), pending: [] };
      if (created) this.changeName(path, body);
    } else if (cut) body.pending.push({ length: 0 });
    this.open.set(file, { body, path, folder });
  }

  private write({ file, offset, bytes, synced }: Extract<DiskEvent, { kind: 'write' }>): void {
    const body = this.open.get(file)?.body;
    if (body === undefined) return;
    const change = { offset, bytes };
    if (!synced || this.rules.syncsNothing === true) return void body.pending.push(change);
    body.durable = applyChange(body.durable, change);
    // What lay there before can no longer come back.
    body.pending = body.pending.map((older) => ('bytes' in older ? overlap(older, change) : older));
  }

  private sync(file: number): void {
    const opened = this.open.get(file);
    if (opened === undefined || this.rules.syncsNothing === true) return;
    const { body, path, folder } = opened;
    if (folder && this.rules.journalled !== true) return this.keepNames((change) => change.folder === path);
    for (const change of body.pending) body.durable = applyChange(body.durable, change);
    body.pending = [];
    if (this.rules.journalled === true) this.keepNames(() => true);
  }

  private keepNames(which: (change: NameChange) => boolean): void {
    for (const { path, body } of this.nameChanges.filter(which)) {
      if (body === undefined) this.durableNames.delete(path);
      else this.durableNames.set(path, body);
    }
    this.nameChanges = this.nameChanges.filter((change) => !which(change));
  }

  private changeName(path: string, body: FileBody | undefined): void {
    if (body === undefined) this.names.delete(path);
    else this.names.set(path, body);
    this.nameChanges.push({ folder: dirname(path), path, body });
  }
}

type Fate = 'kept' | 'torn' | 'lost';

function contentOf({ durable, pending }: FileBody, fateOf: () => Fate, random?: Random): Buffer<ArrayBuffer> {
  let content = Buffer.alloc(durable.length);
  durable.copy(content);
  for (const change of pending) {
    const fate = fateOf();
    if (fate === 'kept') content = applyChange(content, change);
    else if (fate === 'torn' && 'bytes' in change) {
      for (const sector of sectorsOf(change)) if (random !== undefined && random.fraction() < 0.5) content = applyChange(content, sector);
    }
  }
  return content;
}

/** Changes `content`, which `Buffer.alloc` has made, or a longer one in its place. */
function applyChange(content: Buffer<ArrayBuffer>, change: Change): Buffer<ArrayBuffer> {
  const length = 'bytes' in change ? Math.max(content.length, change.offset + change.bytes.length) : change.length;
  let result = content;
  if (length < content.length) content.fill(0, length);
  if (length > content.buffer.byteLength) {
    const roomy = Buffer.alloc(Math.ceil(length * 1.5));
    content.copy(roomy);
    result = roomy;
  }
  result = Buffer.from(result.buffer, 0, length);
  if ('bytes' in change) change.bytes.copy(result, change.offset);
  return result;
}

function* sectorsOf({ offset, bytes }: { offset: number; bytes: Buffer }): Generator<Change> {
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + sectorBytes - ((offset + from) % sectorBytes));
    yield { offset: offset + from, bytes: bytes.subarray(from, to) };
    from = to;
  }
}

function overlap(older: { offset: number; bytes: Buffer }, newer: { offset: number; bytes: Buffer }): Change {
  const from = Math.max(older.offset, newer.offset);
  const to = Math.min(older.offset + older.bytes.length, newer.offset + newer.bytes.length);
  if (from >= to) return older;
  const bytes = Buffer.from(older.bytes);
  newer.bytes.copy(bytes, from - older.offset, from - newer.offset, to - newer.offset);
  return { offset: older.offset, bytes };
}
