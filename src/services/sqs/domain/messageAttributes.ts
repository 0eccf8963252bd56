// Message attributes: what may be in them, what they weigh, and their MD5 as clients verify it (developer guide, "Calculating the MD5
// message digest for message attributes").

import { createHash } from 'node:crypto';
import { invalidParameter, unsupportedOperation } from '../errors.ts';
import { attributeNameLengthMax, messageAttributesMax } from '../limits.ts';

/** As stored: the type, and text or bytes. */
export interface MessageAttribute {
  readonly type: string;
  readonly value: string | Uint8Array;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

export interface SentAttribute {
  readonly DataType?: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
  readonly StringListValues?: readonly unknown[] | undefined;
  readonly BinaryListValues?: readonly unknown[] | undefined;
}

type Kind = 'user' | 'system';

/** Checks what a client sent; undefined when there is nothing. */
export function readAttributes(sent: Readonly<Record<string, SentAttribute>> | undefined, kind: Kind): MessageAttributes | undefined {
  const entries = Object.entries(sent ?? {});
  if (entries.length === 0) return undefined;
  if (kind === 'user' && entries.length > messageAttributesMax) {
    throw invalidParameter(`Number of message attributes [${entries.length}] exceeds the allowed maximum [${messageAttributesMax}].`);
  }
  return Object.fromEntries(entries.map(([name, attribute]) => [name, readAttribute(name, attribute, kind)]));
}

function readAttribute(name: string, sent: SentAttribute, kind: Kind): MessageAttribute {
  if (kind === 'user') requireName(name);
  else if (name !== 'AWSTraceHeader') {
    throw invalidParameter(`Message system attribute name '${name}' is invalid.`);
  }
  const described = `Message (${kind}) attribute '${name}'`;
  if ((sent.StringListValues?.length ?? 0) > 0 || (sent.BinaryListValues?.length ?? 0) > 0) {
    throw unsupportedOperation('Message attribute list values in SendMessage operation are not supported.');
  }
  const type = sent.DataType ?? '';
  if (type === '') throw invalidParameter(`${described} must contain a non-empty message attribute type.`);
  if (type.length > attributeNameLengthMax) throw invalidParameter(`${described} has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`);
  const base = type.split('.', 1)[0] ?? '';
  if (kind === 'system' && type !== 'String') throw invalidParameter(`${described} has an invalid message attribute type, the set of supported type prefixes is String.`);
  if (base !== 'String' && base !== 'Number' && base !== 'Binary') {
    throw invalidParameter(`The type of message (${kind}) attribute '${name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String.`);
  }
  if (base === 'Binary') {
    if (sent.StringValue !== undefined) throw wrongField(name, 'StringValue', type, kind);
    if (sent.BinaryValue === undefined || sent.BinaryValue.length === 0) throw invalidParameter(`${described} must contain a non-empty value of type 'Binary'.`);
    return { type, value: sent.BinaryValue };
  }
  if (sent.BinaryValue !== undefined) throw wrongField(name, 'BinaryValue', type, kind);
  if (sent.StringValue === undefined || sent.StringValue === '') throw invalidParameter(`${described} must contain a non-empty value of type 'String'.`);
  if (base === 'Number' && !isNumber(sent.StringValue)) {
    throw invalidParameter(`Can't cast the value of message (${kind}) attribute '${name}' to a number.`);
  }
  return { type, value: sent.StringValue };
}

function wrongField(name: string, field: string, type: string, kind: Kind): Error {
  return invalidParameter(`The message (${kind}) attribute '${name}' with type '${type}' must use field '${field === 'StringValue' ? 'BinaryValue' : 'StringValue'}'.`);
}

// Up to 38 digits of precision, from 10^-128 to 10^126 (API reference, MessageAttributeValue).
function isNumber(text: string): boolean {
  return text.length <= 256 && /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/.test(text);
}

function requireName(name: string): void {
  if (name.length > attributeNameLengthMax) throw invalidParameter(`Message (user) attribute name '${name.slice(0, 300)}' must be shorter than 256 Bytes.`);
  if (!/^[A-Za-z0-9_.-]+$/.test(name) || name.startsWith('.') || name.endsWith('.') || name.includes('..')) {
    throw invalidParameter(`Invalid message attribute name '${name.slice(0, 300)}': it can contain A-Z, a-z, 0-9, underscore, hyphen and period; it must not start or end with a period or have two in a row.`);
  }
  if (/^(aws|amazon)\./i.test(name)) {
    throw invalidParameter(`Message (user) attribute name '${name}' is reserved: names must not begin with AWS. or Amazon.`);
  }
}

/** What the attributes add to the size of a message: names, types and values. */
export function attributeBytes(attributes: MessageAttributes | undefined): number {
  let bytes = 0;
  for (const [name, { type, value }] of Object.entries(attributes ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(type) + (typeof value === 'string' ? Buffer.byteLength(value) : value.length);
  }
  return bytes;
}

/** In the order of the names; each name, type and value after its length. */
export function md5OfAttributes(attributes: MessageAttributes | undefined): string | undefined {
  if (attributes === undefined) return undefined;
  const hash = createHash('md5');
  const update = (bytes: Uint8Array): void => {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  for (const name of names) {
    const { type, value } = attributes[name] as MessageAttribute;
    update(Buffer.from(name));
    update(Buffer.from(type));
    hash.update(Buffer.of(typeof value === 'string' ? 1 : 2));
    update(typeof value === 'string' ? Buffer.from(value) : value);
  }
  return hash.digest('hex');
}

/** Those whose names a receiver asked for: `All` and `.*`, whole names, and the beginnings before `.*` and `*`. */
export function selectAttributes(attributes: MessageAttributes | undefined, names: readonly string[] | undefined): MessageAttributes | undefined {
  if (attributes === undefined || names === undefined || names.length === 0) return undefined;
  if (names.includes('All') || names.includes('.*') || names.includes('*')) return attributes;
  // `col.*` finds `color` as well (recorded from the service).
  const prefixes = names.filter((name) => name.endsWith('.*')).map((name) => name.slice(0, -2));
  const selected = Object.entries(attributes).filter(([name]) => names.includes(name) || prefixes.some((prefix) => name.startsWith(prefix)));
  return selected.length === 0 ? undefined : Object.fromEntries(selected);
}

/** The stored form as the API gives it out. */
export function formatAttributes(attributes: MessageAttributes): Record<string, { DataType: string; StringValue?: string; BinaryValue?: Uint8Array }> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, value }]) => [
      name,
      typeof value === 'string' ? { DataType: type, StringValue: value } : { DataType: type, BinaryValue: value },
    ]),
  );
}
