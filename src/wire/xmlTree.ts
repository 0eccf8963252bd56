// Reading XML request bodies. Only what S3 and its kin accept: elements, attributes, text, CDATA, comments. A document type is refused,
// so there are no entities to expand and nothing outside the body to fetch.

import { nestingMax } from './limits.ts';

export interface XmlElement {
  /** The name without its prefix. */
  readonly name: string;
  /** '' for none. */
  readonly prefix: string;
  /** By full name, prefix included (`xsi:type`). */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  text: string;
}

interface Open {
  readonly element: XmlElement;
  readonly tag: string;
}

const tagPattern = /<(?:(\/)([^\s<>/]+)\s*|([^\s<>/!?][^\s<>/]*)((?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?))>/y;
const attributePattern = /([^\s=<>/]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;

/** The root element of a document, or undefined when the text is not well-formed. */
export function parseXml(text: string): XmlElement | undefined {
  const open: Open[] = [];
  let root: XmlElement | undefined;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < text.length) {
    const next = text.indexOf('<', at);
    const between = text.slice(at, next < 0 ? text.length : next);
    if (!appendText(open.at(-1)?.element, between)) return undefined;
    if (next < 0) break;
    const special = skipSpecial(text, next, open.at(-1)?.element);
    if (special === 'malformed') return undefined;
    if (special !== undefined) {
      at = special;
      continue;
    }
    tagPattern.lastIndex = next;
    const match = tagPattern.exec(text);
    if (!match) return undefined;
    at = tagPattern.lastIndex;
    const [, closing, closedTag, tag = '', attributes = '', selfClosing] = match;
    if (closing) {
      if (open.pop()?.tag !== closedTag) return undefined;
      continue;
    }
    const element = startElement(tag, attributes);
    const parent = open.at(-1)?.element;
    if (!element || open.length >= nestingMax || (!parent && root)) return undefined;
    if (parent) parent.children.push(element);
    else root = element;
    if (!selfClosing) open.push({ element, tag });
  }
  return open.length === 0 ? root : undefined;
}

// Comments, CDATA and processing instructions: answers where the text goes on, or undefined for an ordinary tag.
function skipSpecial(text: string, at: number, within: XmlElement | undefined): number | 'malformed' | undefined {
  const follows = text.charAt(at + 1);
  if (follows !== '!' && follows !== '?') return undefined;
  const [end, length] = follows === '?' ? [text.indexOf('?>', at), 2] : text.startsWith('<!--', at) ? [text.indexOf('-->', at + 4), 3] : [text.startsWith('<![CDATA[', at) ? text.indexOf(']]>', at) : -1, 3];
  if (end < 0) return 'malformed';
  if (text.startsWith('<![CDATA[', at)) {
    if (!within) return 'malformed';
    within.text += text.slice(at + 9, end);
  }
  return end + length;
}

function appendText(element: XmlElement | undefined, text: string): boolean {
  if (text === '') return true;
  if (!element) return text.trim() === '';
  const decoded = decodeXml(text);
  if (decoded === undefined) return false;
  element.text += decoded;
  return true;
}

function startElement(tag: string, attributeText: string): XmlElement | undefined {
  const attributes: Record<string, string> = {};
  for (const [, name = '', double, single] of attributeText.matchAll(attributePattern)) {
    const value = decodeXml(double ?? single ?? '');
    if (value === undefined || name === '__proto__' || Object.hasOwn(attributes, name)) return undefined;
    attributes[name] = value;
  }
  const colon = tag.indexOf(':');
  return { name: colon < 0 ? tag : tag.slice(colon + 1), prefix: colon < 0 ? '' : tag.slice(0, colon), attributes, children: [], text: '' };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeXml(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let valid = true;
  const decoded = text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([^;]*));?/g, (whole, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
    const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : undefined;
    const replaced = code === undefined ? (name === undefined ? undefined : entities[name]) : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (replaced === undefined || !whole.endsWith(';')) valid = false;
    return replaced ?? '';
  });
  return valid ? decoded : undefined;
}
