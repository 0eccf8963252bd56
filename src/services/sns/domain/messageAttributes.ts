// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html

import { invalidAttributeValue } from '../errors.ts';
import { attributeNameLengthMax, messageAttributesMax } from '../limits.ts';

export interface MessageAttribute {
  readonly type: string;
  readonly value: string | Uint8Array;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

export interface SentAttribute {
  readonly DataType?: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

// AWS.SNS.… say something to SNS itself (developer guide, "Reserved message attributes for mobile push notifications", and SMS).
const namePattern = /^(?!\.)(?!.*\.$)(?!.*\.\.)(?!aws\.(?!sns\.)|amazon\.)[A-Za-z0-9_.-]+$/i;

/** Checks what a client sent. */
export function readAttributes(sent: Readonly<Record<string, SentAttribute>> | undefined): MessageAttributes {
  const entries = Object.entries(sent ?? {});
  if (entries.length > messageAttributesMax) throw invalidAttributeValue(`Number of message attributes [${entries.length}] exceeds the allowed maximum [${messageAttributesMax}].`);
  return Object.fromEntries(entries.map(([name, attribute]) => [name, readAttribute(name, attribute)]));
}

function readAttribute(name: string, { DataType: type = '', StringValue: text, BinaryValue: bytes }: SentAttribute): MessageAttribute {
  if (name.length > attributeNameLengthMax || !namePattern.test(name)) throw invalidAttributeValue(`Invalid message attribute name '${name.slice(0, attributeNameLengthMax)}'.`);
  if (type === '') throw invalidAttributeValue(`The message attribute '${name}' must contain non-empty message attribute type.`);
  const base = type.split('.', 1)[0] ?? '';
  if (!['String', 'Number', 'Binary'].includes(base) || type.length > attributeNameLengthMax) {
    throw invalidAttributeValue(`The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`);
  }
  const empty = (): Error => invalidAttributeValue(`The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${type}'.`);
  if (base === 'Binary') {
    if (text !== undefined) throw invalidAttributeValue(`The message attribute '${name}' with type '${type}' must use field 'Binary'.`);
    if (bytes === undefined || bytes.length === 0) throw empty();
    return { type, value: bytes };
  }
  if (bytes !== undefined) throw invalidAttributeValue(`The message attribute '${name}' with type '${type}' must use field 'String'.`);
  if (text === undefined || text === '') throw empty();
  if (base === 'Number' && !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim())) throw invalidAttributeValue(`Could not cast message attribute '${name}' value to number.`);
  if (type === 'String.Array' && !isArrayText(text)) throw invalidAttributeValue(`The message attribute '${name}' has an invalid value for type 'String.Array': it must be a JSON array.`);
  return { type, value: text };
}

function isArrayText(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

/** Names, types and values count. */
export function attributeBytes(attributes: MessageAttributes): number {
  let bytes = 0;
  for (const [name, { type, value }] of Object.entries(attributes)) bytes += Buffer.byteLength(name) + Buffer.byteLength(type) + (typeof value === 'string' ? Buffer.byteLength(value) : value.length);
  return bytes;
}

/** As in the JSON of a notification. */
export function describeAttributes(attributes: MessageAttributes): Record<string, { Type: string; Value: string }> | undefined {
  const entries = Object.entries(attributes);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([name, { type, value }]) => [name, { Type: type, Value: typeof value === 'string' ? value : Buffer.from(value).toString('base64') }]));
}
