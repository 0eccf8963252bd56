// Reading the form bodies of the query protocols: `Tags.member.1.Key=a&Tags.member.1.Value=b` as typed input.

import { malformedRequest } from './faults.ts';
import { setOwn } from './json.ts';
import { formParametersMax, nestingMax } from './limits.ts';
import type { Member, ScalarShape, Shape, StructureShape, TimestampFormat } from './model.ts';
import { parseScalar, timestampFormatOf } from './scalars.ts';
import type { ProtocolName } from './types.ts';

export interface FormNode {
  text: string | undefined;
  readonly children: Map<string, FormNode>;
}

export type FormReader = (node: FormNode) => unknown;

/** Form text to a tree split at the dots. Numbers of parameters and depth are bounded. */
export function parseForm(texts: readonly string[], protocol: ProtocolName): FormNode {
  const root: FormNode = { text: undefined, children: new Map() };
  let count = 0;
  for (const text of texts) {
    if (text === '') continue;
    for (const pair of text.split('&')) {
      if (pair === '') continue;
      count += 1;
      if (count > formParametersMax) throw malformedRequest(protocol, 'The request has too many parameters');
      const equals = pair.indexOf('=');
      insert(root, decodeForm(equals < 0 ? pair : pair.slice(0, equals), protocol), equals < 0 ? '' : decodeForm(pair.slice(equals + 1), protocol), protocol);
    }
  }
  return root;
}

function insert(root: FormNode, name: string, value: string, protocol: ProtocolName): void {
  const parts = name.split('.');
  if (parts.length > nestingMax) throw malformedRequest(protocol, 'The request is nested too deeply');
  let node = root;
  for (const part of parts) {
    let next = node.children.get(part);
    if (!next) {
      next = { text: undefined, children: new Map() };
      node.children.set(part, next);
    }
    node = next;
  }
  node.text = value;
}

function decodeForm(text: string, protocol: ProtocolName): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw malformedRequest(protocol, 'Malformed percent-encoding in a form parameter');
  }
}


const readersByProtocol: Partial<Record<ProtocolName, WeakMap<StructureShape, FormReader>>> = {};

/** The compiled reader of a structure in a query protocol. */
export function formReaderOf(shape: StructureShape, protocol: 'awsQuery' | 'ec2Query'): FormReader {
  const known = (readersByProtocol[protocol] ??= new WeakMap());
  const reader = known.get(shape);
  if (reader) return reader;
  const compiled = structureReader(shape, protocol);
  known.set(shape, compiled);
  return compiled;
}

function nameIn(member: Member, protocol: 'awsQuery' | 'ec2Query'): string {
  if (protocol === 'awsQuery') return member.xmlName;
  return member.ec2Name ?? member.xmlName.charAt(0).toUpperCase() + member.xmlName.slice(1);
}

function structureReader(shape: StructureShape, protocol: 'awsQuery' | 'ec2Query'): FormReader {
  let members: readonly { readonly name: string; readonly wireName: string; readonly read: FormReader }[] | undefined;
  return (node) => {
    members ??= shape.members.map((member) => ({ name: member.name, wireName: nameIn(member, protocol), read: memberReader(member, protocol) }));
    const result: Record<string, unknown> = {};
    for (const { name, wireName, read } of members) {
      const child = node.children.get(wireName);
      if (child !== undefined) result[name] = read(child);
    }
    return result;
  };
}

function memberReader(member: Member, protocol: 'awsQuery' | 'ec2Query'): FormReader {
  return shapeReader(member.target, member.flattened || protocol === 'ec2Query', timestampFormatOf(member, 'iso'), protocol);
}

function shapeReader(shape: Shape, flattened: boolean, format: TimestampFormat, protocol: 'awsQuery' | 'ec2Query'): FormReader {
  if (shape.kind === 'structure') return formReaderOf(shape, protocol);
  if (shape.kind === 'scalar') return scalarReader(shape, format, protocol);
  if (shape.kind === 'list') {
    const read = memberReader(shape.member, protocol);
    return (node) => {
      // boto's old releases leave out the list's own level; `Tags=` alone means an empty list.
      const items = flattened ? node : (node.children.get(shape.member.xmlName) ?? node.children.get('member') ?? emptyNode);
      return numbered(items).map(read);
    };
  }
  const readKey = memberReader(shape.key, protocol);
  const read = memberReader(shape.value, protocol);
  return (node) => {
    const result: Record<string, unknown> = {};
    for (const entry of numbered(flattened ? node : (node.children.get('entry') ?? emptyNode))) {
      const key = entry.children.get(shape.key.xmlName);
      const value = entry.children.get(shape.value.xmlName);
      if (key !== undefined && value !== undefined) setOwn(result, String(readKey(key)), read(value));
    }
    return result;
  };
}

const emptyNode: FormNode = { text: undefined, children: new Map() };

// Items are ordered by their number, whatever the order on the wire; gaps are closed.
function numbered(node: FormNode): FormNode[] {
  const found: [number, FormNode][] = [];
  for (const [name, child] of node.children) if (/^\d{1,9}$/.test(name)) found.push([Number(name), child]);
  return found.sort((a, b) => a[0] - b[0]).map(([, child]) => child);
}

function scalarReader(shape: ScalarShape, format: TimestampFormat, protocol: ProtocolName): FormReader {
  return (node) => {
    const text = node.text ?? '';
    const value = parseScalar(shape, text, format);
    if (value === undefined) throw malformedRequest(protocol, `Value '${text.slice(0, 200)}' is not a valid ${shape.type}`);
    return value;
  };
}
