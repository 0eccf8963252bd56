// A receipt handle says where the message was put when it was received, and which receive it was. It gives no power that the permission for
// the operation does not give, so it is checked for damage and not for forgery.

import { crc32c } from '../../../kv/crc32c.ts';

interface Receipt {
  /** The queue for its whole life. */
  readonly queueId: string;
  /** The queue since its last purge. */
  readonly storeId: string;
  /** How often the message had been received by then, this time included. */
  readonly receives: number;
  readonly receivedAtMs: number;
}

export interface StandardReceipt extends Receipt {
  readonly kind: 'standard';
  readonly visibleAtMs: number;
  readonly order: number;
  /** Sixteen bytes. */
  readonly messageId: Uint8Array;
}

export interface FifoReceipt extends Receipt {
  readonly kind: 'fifo';
  readonly sequence: number;
  readonly groupId: string;
}

const headBytes = 1 + 7 + 7 + 4 + 6;
const standardBytes = headBytes + 6 + 7 + 16;

/** The text that a client is given. */
export function formatReceipt(receipt: StandardReceipt | FifoReceipt): string {
  const group = receipt.kind === 'fifo' ? Buffer.from(receipt.groupId, 'utf8') : undefined;
  const length = group === undefined ? standardBytes : headBytes + 7 + group.length;
  const bytes = Buffer.allocUnsafe(length + 4);
  bytes[0] = group === undefined ? 1 : 2;
  bytes.write(receipt.queueId, 1, 7, 'hex');
  bytes.write(receipt.storeId, 8, 7, 'hex');
  bytes.writeUInt32BE(receipt.receives, 15);
  bytes.writeUIntBE(receipt.receivedAtMs, 19, 6);
  if (receipt.kind === 'standard') {
    bytes.writeUIntBE(receipt.visibleAtMs, 25, 6);
    writeLong(bytes, receipt.order, 31);
    bytes.set(receipt.messageId, 38);
  } else {
    writeLong(bytes, receipt.sequence, 25);
    bytes.set(group as Uint8Array, 32);
  }
  bytes.writeUInt32LE(crc32c(bytes, 0, length), length);
  return bytes.toString('base64');
}

/** Undefined for what was never a receipt handle. */
export function parseReceipt(handle: string): StandardReceipt | FifoReceipt | undefined {
  if (handle.length > 1_024 || !/^[A-Za-z0-9+/]+={0,2}$/.test(handle)) return undefined;
  const bytes = Buffer.from(handle, 'base64');
  const length = bytes.length - 4;
  if (length < headBytes + 8 || bytes.readUInt32LE(length) !== crc32c(bytes, 0, length)) return undefined;
  const receipt: Receipt = {
    queueId: bytes.toString('hex', 1, 8),
    storeId: bytes.toString('hex', 8, 15),
    receives: bytes.readUInt32BE(15),
    receivedAtMs: bytes.readUIntBE(19, 6),
  };
  if (bytes[0] === 1 && length === standardBytes) {
    return { ...receipt, kind: 'standard', visibleAtMs: bytes.readUIntBE(25, 6), order: readLong(bytes, 31), messageId: bytes.subarray(38, 54) };
  }
  if (bytes[0] === 2) return { ...receipt, kind: 'fifo', sequence: readLong(bytes, 25), groupId: bytes.toString('utf8', 32, length) };
  return undefined;
}

// Whole numbers below 2^53 in seven bytes.
function writeLong(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt8(Math.floor(value / 2 ** 48), at);
  bytes.writeUIntBE(value % 2 ** 48, at + 1, 6);
}

function readLong(bytes: Buffer, at: number): number {
  return bytes.readUInt8(at) * 2 ** 48 + bytes.readUIntBE(at + 1, 6);
}
