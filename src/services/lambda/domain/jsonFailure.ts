// AWS checks that a payload is JSON before the function sees it, and its parser's words reach the caller.

import { isUtf8 } from 'node:buffer';

/** Undefined when `bytes` are one JSON document in UTF-8; else what AWS's parser says about them. */
export function findJsonFailure(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return `Invalid UTF-8${location('', 0)}`;
  const { buffer, byteOffset, byteLength } = bytes;
  const decoded = Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
  const text = decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded;
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return describe(text, error instanceof Error ? error.message : '');
  }
}

function describe(text: string, reason: string): string {
  const position = positionOf(text, reason);
  const isCutOff = /end of JSON input|Unterminated string/.test(reason);
  if (isCutOff) return `Unexpected end-of-input${location(text, text.length)}`;
  const word = /^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(text.slice(position))?.[0] ?? wordAround(text, position);
  if (word !== undefined) {
    return `Unrecognized token '${word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')${location(text, position + word.length + 1)}`;
  }
  const code = text.codePointAt(position) ?? 0;
  return `Unexpected character ('${String.fromCodePoint(code)}' (code ${code})): expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')${location(text, position)}`;
}

// V8 tells either where or what; the first place of that character is then near enough.
function positionOf(text: string, reason: string): number {
  const told = /at position (\d+)/.exec(reason)?.[1];
  if (told !== undefined) return Number(told);
  const token = /^Unexpected token '(.)'/su.exec(reason)?.[1];
  return Math.max(0, token === undefined ? text.search(/\S/) : text.indexOf(token));
}

// V8 names the place where a literal stops being one (`tru` + `x`); AWS's parser names the whole word.
function wordAround(text: string, position: number): string | undefined {
  const before = /[\p{L}_$][\p{L}\p{N}_$]*$/u.exec(text.slice(0, position))?.[0];
  return before !== undefined && !['true', 'false', 'null'].includes(before) ? before : undefined;
}

function location(text: string, position: number): string {
  const before = text.slice(0, position);
  const line = before.split('\n').length;
  const column = position - before.lastIndexOf('\n');
  return `\n at [Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); line: ${line}, column: ${column}]`;
}
