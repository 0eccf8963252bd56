// How a row becomes a value: one format byte, CBOR (RFC 8949), and a CRC-32C over both (little-endian), because neither LMDB
// nor most file systems notice a flipped bit. Plain CBOR maps: any reader can decode a value without this program.
import { Encoder } from 'cbor-x';
import { InvariantError } from '../base/errors.ts';
import { crc32c } from './crc32c.ts';
import type { Key, Value } from './store.ts';

const formatPlain = 1;
const overheadBytes = 5;

const cbor = new Encoder({ useRecords: false, mapsAsObjects: true, variableMapSize: true, tagUint8Array: false });

/** The stored form of `row`. Byte arrays come back as `Buffer`; a member whose value is undefined stays a member. */
export function encodeRecord(row: object): Value {
  const body = cbor.encode(row);
  const value = Buffer.allocUnsafe(body.length + overheadBytes);
  value[0] = formatPlain;
  body.copy(value, 1);
  value.writeUInt32LE(crc32c(value, 0, body.length + 1), body.length + 1);
  return value;
}

/** The row in `value`; throws an {@link InvariantError} that names `key` when the bytes are not what was written. */
export function decodeRecord<Row extends object>(value: Value, key?: Key): Row {
  const end = value.length - 4;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (end < 2 || bytes[0] !== formatPlain) throw broken('a stored row has an unknown format', value, key);
  if (bytes.readUInt32LE(end) !== crc32c(bytes, 0, end)) throw broken('a stored row does not match its checksum', value, key);
  const body = bytes.subarray(1, end);
  // The decoder gives no object a member of this name, which users may give a tag or a header: such a row is read as maps.
  if (body.includes(prototypeName)) return asObjects(maps.decode(body)) as Row;
  return cbor.decode(body) as Row;
}

const prototypeName = Buffer.from('__proto__');
const maps = new Encoder({ useRecords: false, mapsAsObjects: false, variableMapSize: true, tagUint8Array: false });

function asObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asObjects);
  // Makes own members whatever they are called.
  return value instanceof Map ? Object.fromEntries([...value].map(([name, member]) => [name, asObjects(member)])) : value;
}

function broken(message: string, value: Value, key: Key | undefined): InvariantError {
  const fields = { bytes: value.length, format: value[0] };
  return new InvariantError(message, key === undefined ? fields : { ...fields, key: Buffer.from(key).toString('hex') });
}
