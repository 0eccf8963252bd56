// Writing XML from shapes: the answers of awsQuery, ec2Query and restXml. Text is concatenated directly, there is no tree.

import type { ListShape, MapShape, Member, ScalarShape, Shape, StructureShape, TimestampFormat } from './model.ts';
import { formatScalar, timestampFormatOf } from './scalars.ts';

/** Writes a value as the element `name`, with the attributes given as text (' xmlns="…"' or ''). */
export type ElementWriter = (value: unknown) => string;

const unsafeText = /[&<>\r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u0085\u2028]/g;
const replacements: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#xD;', '\u0085': '&#x85;', '\u2028': '&#x2028;' };

/** Escapes text for element content and attributes. XML 1.0 has no way to carry most control characters; they become U+FFFD. */
export function escapeXml(text: string): string {
  unsafeText.lastIndex = 0;
  return unsafeText.test(text) ? text.replace(unsafeText, (found) => replacements[found] ?? '\ufffd') : text;
}

export function xmlNamespaceAttribute(uri: string | undefined, prefix?: string): string {
  return uri === undefined ? '' : ` xmlns${prefix === undefined ? '' : `:${prefix}`}="${escapeXml(uri)}"`;
}

const structureWriters = new WeakMap<StructureShape, ElementWriter>();

/** The members of a structure as elements, without an element of its own. Attributes are the caller's ({@link xmlAttributes}). */
export function xmlMembersWriter(members: readonly Member[]): ElementWriter {
  let writers: readonly { readonly name: string; readonly write: ElementWriter }[] | undefined;
  return (value) => {
    writers ??= members.filter((member) => !member.xmlAttribute).map((member) => ({ name: member.name, write: xmlMemberWriter(member) }));
    const source = value as Readonly<Record<string, unknown>>;
    let text = '';
    for (const { name, write } of writers) {
      const item = source[name];
      if (item !== undefined && item !== null) text += write(item);
    }
    return text;
  };
}

/** The attributes that members marked `xmlAttribute` put on their structure's element. */
export function xmlAttributes(shape: StructureShape): ElementWriter {
  const members = shape.members.filter((member) => member.xmlAttribute);
  if (members.length === 0) return () => '';
  return (value) => {
    const source = value as Readonly<Record<string, unknown>>;
    let text = '';
    for (const member of members) {
      const item = source[member.name];
      if (item !== undefined && item !== null && member.target.kind === 'scalar') text += ` ${member.xmlName}="${escapeXml(formatScalar(member.target, item, timestampFormatOf(member, 'iso')))}"`;
    }
    return text;
  };
}

/** One member as its element, or as its repeated elements when it is flattened. */
export function xmlMemberWriter(member: Member): ElementWriter {
  const { target } = member;
  if (target.kind === 'list' && member.flattened) return itemsWriter(target, member.xmlName, xmlNamespaceAttribute(target.member.xmlNamespace, target.member.xmlPrefix));
  if (target.kind === 'map' && member.flattened) return entriesWriter(target, member.xmlName, xmlNamespaceAttribute(member.xmlNamespace, member.xmlPrefix));
  return xmlElementWriter(member.xmlName, target, xmlNamespaceAttribute(member.xmlNamespace, member.xmlPrefix), member.timestampFormat);
}

/** A value of a shape as the element `name`. */
export function xmlElementWriter(name: string, shape: Shape, attributes: string, format: TimestampFormat | undefined): ElementWriter {
  if (shape.kind === 'scalar') {
    const write = scalarText(shape, format ?? 'iso');
    return (value) => `<${name}${attributes}>${write(value)}</${name}>`;
  }
  if (shape.kind === 'structure') {
    const own = xmlAttributes(shape);
    const write = structureWriterOf(shape);
    return (value) => `<${name}${attributes}${own(value)}>${write(value)}</${name}>`;
  }
  const write = lazily(() => (shape.kind === 'list' ? itemsWriter(shape, shape.member.xmlName, xmlNamespaceAttribute(shape.member.xmlNamespace, shape.member.xmlPrefix)) : entriesWriter(shape, 'entry', '')));
  return (value) => `<${name}${attributes}>${write()(value)}</${name}>`;
}

function structureWriterOf(shape: StructureShape): ElementWriter {
  const known = structureWriters.get(shape) ?? xmlMembersWriter(shape.members);
  structureWriters.set(shape, known);
  return known;
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function itemsWriter(shape: ListShape, name: string, attributes: string): ElementWriter {
  const write = lazily(() => xmlElementWriter(name, shape.member.target, attributes, shape.member.timestampFormat));
  return (value) => {
    if (!Array.isArray(value)) return '';
    let text = '';
    for (const item of value) text += item === undefined || item === null ? `<${name}${attributes}/>` : write()(item);
    return text;
  };
}

function entriesWriter(shape: MapShape, name: string, attributes: string): ElementWriter {
  const writeKey = lazily(() => xmlElementWriter(shape.key.xmlName, shape.key.target, xmlNamespaceAttribute(shape.key.xmlNamespace, shape.key.xmlPrefix), undefined));
  const write = lazily(() =>
    xmlElementWriter(shape.value.xmlName, shape.value.target, xmlNamespaceAttribute(shape.value.xmlNamespace, shape.value.xmlPrefix), shape.value.timestampFormat),
  );
  return (value) => {
    let text = '';
    for (const [key, item] of Object.entries(value ?? {})) {
      if (item === undefined || item === null) continue;
      text += `<${name}${attributes}>${writeKey()(key)}${write()(item)}</${name}>`;
    }
    return text;
  };
}

function scalarText(shape: ScalarShape, format: TimestampFormat): ElementWriter {
  if (shape.type === 'string') return (value) => escapeXml(String(value));
  return (value) => escapeXml(formatScalar(shape, value, format));
}
