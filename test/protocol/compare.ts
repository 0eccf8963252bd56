// Brings what codecs produce and what the published cases say to one form.

import type { Member, Shape, StructureShape } from '../../src/wire/model.ts';
import { parseTimestamp } from '../../src/wire/scalars.ts';
import type { Node } from './smithyIdl.ts';

/** A parsed input in the notation of the cases: dates as seconds, bytes as text, NaN and infinities as words. */
export function toParams(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (shape.kind === 'structure') {
    const source = value as Record<string, unknown>;
    return Object.fromEntries(shape.members.flatMap((member) => (source[member.name] === undefined ? [] : [[member.name, toParams(member.target, source[member.name])]])));
  }
  if (shape.kind === 'list') return (value as unknown[]).map((item) => toParams(shape.member.target, item));
  if (shape.kind === 'map') return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toParams(shape.value.target, item)]));
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}

/** The opposite: what a handler would return for the params of a case. */
export function fromParams(shape: Shape, value: Node): unknown {
  if (value === null) return null;
  if (shape.kind === 'structure') return structureFromParams(shape, value as Readonly<Record<string, Node>>);
  if (shape.kind === 'list') return (value as readonly Node[]).map((item) => fromParams(shape.member.target, item));
  if (shape.kind === 'map') return Object.fromEntries(Object.entries(value as Readonly<Record<string, Node>>).map(([key, item]) => [key, fromParams(shape.value.target, item)]));
  if (shape.type === 'timestamp') return typeof value === 'number' ? new Date(Math.round(value * 1000)) : parseTimestamp(String(value), 'iso');
  if (shape.type === 'blob') return Buffer.from(String(value));
  if ((shape.type === 'float' || shape.type === 'double') && typeof value === 'string') return Number(value);
  return value;
}

export function structureFromParams(shape: StructureShape, params: Readonly<Record<string, Node>>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    const member: Member | undefined = shape.members.find((candidate) => candidate.name === name);
    if (member) result[name] = fromParams(member.target, value);
  }
  return result;
}

/** XML with attributes sorted and insignificant space gone; elements keep their order. */
export function canonicalXml(text: string): string {
  return text
    .replace(/<\?xml[^>]*\?>/, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/>\s+</g, '><')
    .replace(/<([^\s/>]+)((?:\s+[^\s=/>]+="[^"]*")*)\s*\/>/g, '<$1$2></$1>')
    .replace(/<([^\s/>]+)((?:\s+[^\s=/>]+="[^"]*")+)\s*>/g, (_, name: string, attributes: string) => `<${name} ${(attributes.match(/[^\s=]+="[^"]*"/g) ?? []).sort().join(' ')}>`)
    .replace(/&#xD;/g, '&#13;')
    .replace(/&#xA;|&#10;/g, '\n')
    .trim();
}
