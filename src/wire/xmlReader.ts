// Typed values from XML elements, by shape.

import { malformedRequest } from './faults.ts';
import { setOwn } from './json.ts';
import type { Member, Shape, StructureShape, TimestampFormat } from './model.ts';
import { parseScalar, timestampFormatOf } from './scalars.ts';
import type { XmlElement } from './xmlTree.ts';

type ElementReader = (element: XmlElement) => unknown;
/** Flattened lists and maps are spread over several elements of one name. */
type ElementsReader = (elements: readonly XmlElement[]) => unknown;

interface MemberReader {
  readonly name: string;
  readonly xmlName: string;
  readonly attribute: boolean;
  readonly read: ElementsReader;
  readonly readText: (text: string) => unknown;
}

const readers = new WeakMap<StructureShape, ElementReader>();
const refusal = 'The XML you provided was not well-formed or did not validate against our published schema';

/** A body that is no XML or not of its shape, as S3 words it. */
export function malformedXml(): Error {
  return malformedRequest('restXml', refusal);
}

/** The reader of these members out of one element. */
export function xmlStructureReader(members: readonly Member[], union = false): ElementReader {
  let compiled: readonly MemberReader[] | undefined;
  return (element) => {
    compiled ??= members.map(memberReader);
    const result: Record<string, unknown> = {};
    const groups = new Map<string, XmlElement[]>();
    for (const child of element.children) {
      const group = groups.get(child.name);
      if (group) group.push(child);
      else groups.set(child.name, [child]);
    }
    let count = 0;
    for (const { name, xmlName, attribute, read, readText } of compiled) {
      if (attribute) {
        const text = Object.hasOwn(element.attributes, xmlName) ? element.attributes[xmlName] : undefined;
        if (text !== undefined) result[name] = readText(text);
        continue;
      }
      const found = groups.get(xmlName);
      if (!found) continue;
      result[name] = read(found);
      count += 1;
    }
    if (union && count !== 1) throw malformedXml();
    return result;
  };
}

/** The reader of a whole structure. */
export function xmlShapeReader(shape: StructureShape): ElementReader {
  const known = readers.get(shape);
  if (known) return known;
  const compiled = xmlStructureReader(shape.members, shape.union);
  readers.set(shape, compiled);
  return compiled;
}

function memberReader(member: Member): MemberReader {
  const { target } = member;
  const format = timestampFormatOf(member, 'iso');
  const one = elementReader(target, format);
  const read: ElementsReader =
    member.flattened && target.kind === 'list'
      ? manyReader(elementReader(target.member.target, timestampFormatOf(target.member, 'iso')))
      : member.flattened && target.kind === 'map'
        ? entriesReader(target)
        : ([first]) => (first === undefined ? undefined : one(first));
  return { name: member.name, xmlName: member.xmlName, attribute: member.xmlAttribute, read, readText: textReader(target, format) };
}

function manyReader(read: ElementReader): ElementsReader {
  return (elements) => elements.map(read);
}

function elementReader(shape: Shape, format: TimestampFormat): ElementReader {
  if (shape.kind === 'structure') return (element) => xmlShapeReader(shape)(element);
  if (shape.kind === 'scalar') {
    const read = textReader(shape, format);
    return (element) => {
      if (element.children.length > 0) throw malformedXml();
      return read(element.text);
    };
  }
  // Compiled on first use: lists and maps may contain themselves.
  let compiled: ElementsReader | undefined;
  if (shape.kind === 'map') {
    return (element) => (compiled ??= entriesReader(shape))(element.children.filter((child) => child.name === 'entry'));
  }
  return (element) =>
    (compiled ??= manyReader(elementReader(shape.member.target, timestampFormatOf(shape.member, 'iso'))))(element.children.filter((child) => child.name === shape.member.xmlName));
}

function entriesReader(shape: Shape & { readonly kind: 'map' }): ElementsReader {
  const readKey = elementReader(shape.key.target, 'iso');
  const read = elementReader(shape.value.target, timestampFormatOf(shape.value, 'iso'));
  return (elements) => {
    const result: Record<string, unknown> = {};
    for (const { children } of elements) {
      const key = children.find((child) => child.name === shape.key.xmlName);
      const value = children.find((child) => child.name === shape.value.xmlName);
      if (!key || !value) throw malformedXml();
      setOwn(result, String(readKey(key)), read(value));
    }
    return result;
  };
}

function textReader(shape: Shape, format: TimestampFormat): (text: string) => unknown {
  if (shape.kind !== 'scalar') return () => undefined;
  const isText = shape.type === 'string' || shape.type === 'blob';
  return (text) => {
    const value = parseScalar(shape, isText ? text : text.trim(), format);
    if (value === undefined) throw malformedXml();
    return value;
  };
}
