// The models' regular expressions are Java's and must match the whole value. Most are JavaScript as they stand; the rest is listed here.

import { patternTextMax } from './limits.ts';

const compiled = new Map<string, RegExp>();

/** True when the whole text matches. A text above its length bound is not tried: it is refused for its length. */
export function matchesPattern(pattern: string, text: string, lengthMax: number | undefined): boolean {
  if (text.length > Math.min(lengthMax ?? patternTextMax, patternTextMax)) return lengthMax !== undefined && text.length > lengthMax;
  return compilePattern(pattern).test(text);
}

/** The JavaScript form of a model's pattern. */
export function compilePattern(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known) return known;
  const expression = rewritten[pattern] ?? new RegExp(`^(?:${pattern})$`, pattern.includes('\\p{') ? 'u' : '');
  compiled.set(pattern, expression);
  return expression;
}

const headerValue = /^\t*[\x20-\x7e][\t\x20-\x7e]*$/;

// Java syntax that JavaScript lacks, and shapes that would take exponential time (the test over all models finds both).
const rewritten: Readonly<Record<string, RegExp>> = {
  '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*': /^[\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}\r\n\t]*$/u,
  '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*': /^[\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}\t]*$/u,
  '\\p{Print}+': /^[\x20-\x7e]+$/,
  '(?s).*': /^.*$/s,
  '(?i)all|[0-9]{12}': /^(?:all|[0-9]{12})$/i,
  '^[ \\t]*[\\x20-\\x7E]+([ \\t]+[\\x20-\\x7E]+)*[ \\t]*$': headerValue,
  '^[ \\t]*[^\\x00-\\x1F:\\x7F]+([ \\t]+[^\\x00-\\x1F:\\x7F]+)*[ \\t]*$': /^\t*[^\x00-\x1f:\x7f][^\x00-\x08\x0a-\x1f:\x7f]*$/,
  '[a-zA-Z](?:-?[a-zA-Z0-9]+)*': /^[a-zA-Z](?:-?[a-zA-Z0-9])*$/,
  '[a-z](?:-?[a-z0-9]+){0,15}': /^[a-z](?:[a-z0-9]+(?:-[a-z0-9]+){0,14}|(?:-[a-z0-9]+){0,15})$/,
  '^[a-z0-9*](?:[._\\-/a-z0-9*]?[a-z0-9*]+)*$': /^[a-z0-9*](?:[._\-/]?[a-z0-9*])*$/,
  '[ \\t]*[\\x20-\\x7E]+([ \\t]+[\\x20-\\x7E]+)*[ \\t]*|(\\$(\\.[\\w/_-]+(\\[(\\d+|\\*)\\])*)*)': headerValue,
};
