// A snapshot file: a line that says what it is, then frames of kind (1 byte), length (4 bytes, little-endian), body, and a CRC-32C over
// all of that. The last frame counts the others, so that a file which was cut short is not taken for a whole one.
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { UserFacingError } from '../../base/errors.ts';
import { crc32c } from '../../kv/crc32c.ts';
import type { Row } from '../../kv/store.ts';

export const frameKinds = { manifest: 1, secret: 2, rows: 3, blob: 4, blobPart: 5, end: 6 } as const;
export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds];

export interface Frame {
  readonly kind: number;
  readonly body: Buffer;
}

const firstLine = Buffer.from('haneul snapshot 1\n');
const headBytes = 5;
/** Eighty rows of the largest kind are below this. */
const bodyBytesMax = 16 * 1024 * 1024;
const readBytes = 1024 * 1024;

export interface FrameWriter {
  write(kind: FrameKind, body: Uint8Array): Promise<void>;
  /** Everything is on the disk once it resolves. */
  close(): Promise<void>;
}

/** Begins a new snapshot file, readable by this user only: it holds keys and users' data. */
export async function createFrameFile(path: string): Promise<FrameWriter> {
  const file = await open(path, 'w', 0o600);
  await file.appendFile(firstLine);
  return {
    async write(kind, body) {
      const head = Buffer.alloc(headBytes);
      head.writeUInt8(kind, 0);
      head.writeUInt32LE(body.length, 1);
      const covered = Buffer.concat([head, body, Buffer.alloc(4)]);
      covered.writeUInt32LE(crc32c(covered, 0, covered.length - 4), covered.length - 4);
      await file.appendFile(covered);
    },
    async close() {
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}

/** The frames of a snapshot file, each checked. What is not a snapshot, or damaged, is a {@link UserFacingError}. */
export async function* readFrames(path: string): AsyncGenerator<Frame> {
  const file = await open(path, 'r');
  try {
    const reader = createReader(file);
    const line = await reader.take(firstLine.length);
    if (line === undefined || !line.equals(firstLine)) {
      throw new UserFacingError(`${path} is not a haneul snapshot of this version`, 'make one with: haneul snapshot save FILE');
    }
    for (;;) {
      const head = await reader.take(headBytes);
      if (head === undefined) throw damaged(path, 'it is incomplete');
      const length = head.readUInt32LE(1);
      if (length > bodyBytesMax) throw damaged(path, 'a part of it is too long');
      const rest = await reader.take(length + 4);
      if (rest === undefined) throw damaged(path, 'it is incomplete');
      const covered = Buffer.concat([head, rest.subarray(0, length)]);
      if (crc32c(covered) !== rest.readUInt32LE(length)) throw damaged(path, 'a checksum does not match');
      const kind = head.readUInt8(0);
      yield { kind, body: covered.subarray(headBytes) };
      if (kind === frameKinds.end) return;
    }
  } finally {
    await file.close();
  }
}

/** The error for a file that is a snapshot but cannot be used. */
export function damaged(path: string, why: string): UserFacingError {
  return new UserFacingError(`the snapshot ${path} is damaged: ${why}`, 'use another copy of it');
}

/** Rows as: key length (2 bytes), value length (4 bytes), key, value. */
export function encodeRows(rows: readonly Row[]): Buffer {
  const pieces: Uint8Array[] = [];
  for (const { key, value } of rows) {
    const head = Buffer.alloc(6);
    head.writeUInt16LE(key.length, 0);
    head.writeUInt32LE(value.length, 2);
    pieces.push(head, key, value);
  }
  return Buffer.concat(pieces);
}

/** The rows of `encodeRows`. */
export function decodeRows(body: Buffer): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < body.length; ) {
    const keyEnd = at + 6 + body.readUInt16LE(at);
    const valueEnd = keyEnd + body.readUInt32LE(at + 2);
    rows.push({ key: body.subarray(at + 6, keyEnd), value: body.subarray(keyEnd, valueEnd) });
    at = valueEnd;
  }
  return rows;
}

function createReader(file: FileHandle): { take(bytes: number): Promise<Buffer | undefined> } {
  let held = Buffer.alloc(0);
  return {
    /** The next `bytes`, or undefined when the file ends before. */
    async take(bytes) {
      while (held.length < bytes) {
        const more = Buffer.allocUnsafe(Math.max(readBytes, bytes - held.length));
        const { bytesRead } = await file.read(more, 0, more.length);
        if (bytesRead === 0) return undefined;
        held = held.length === 0 ? more.subarray(0, bytesRead) : Buffer.concat([held, more.subarray(0, bytesRead)]);
      }
      const taken = held.subarray(0, bytes);
      held = held.subarray(bytes);
      return taken;
    },
  };
}
