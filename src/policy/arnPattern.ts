// ARNs are compared part by part: partition, service, region, account, and the rest as one part, which keeps its own
// colons (IAM user guide, "Resource": a wildcard replaces everything within a segment, slashes included).

import { compilePattern, matchesPattern, type Pattern, type PatternOptions } from './pattern.ts';
import type { ConditionContext } from './types.ts';

const partCount = 6;

/** Cuts an ARN pattern into its six parts. One that is shorter stands for everything below it (`arn:aws:sns` is `arn:aws:sns:*:*:*`). */
export function compileArnPattern(source: string, options: PatternOptions): readonly Pattern[] {
  const parts = splitArn(source);
  while (parts.length < partCount) parts.push('*');
  return parts.map((part) => compilePattern(part, options));
}

export function matchesArnPattern(parts: readonly Pattern[], arn: string, context: ConditionContext): boolean {
  return matchesArnParts(parts, partsOfArn(arn), context);
}

/** The same for an ARN that was cut before, by `partsOfArn`. */
export function matchesArnParts(parts: readonly Pattern[], actual: readonly string[], context: ConditionContext): boolean {
  if (actual.length !== partCount) return false;
  // The last part tells most ARNs apart.
  for (let index = partCount - 1; index >= 0; index -= 1) {
    const part = parts[index];
    if (part === undefined || !matchesPattern(part, actual[index] ?? '', context)) return false;
  }
  return true;
}

/** Cuts an ARN, which has no variables, into its parts; fewer than six when it is none. */
export function partsOfArn(arn: string): string[] {
  const parts: string[] = [];
  let start = 0;
  while (parts.length < partCount - 1) {
    const colon = arn.indexOf(':', start);
    if (colon === -1) break;
    parts.push(arn.slice(start, colon));
    start = colon + 1;
  }
  parts.push(arn.slice(start));
  return parts;
}

/** Splits at the first five colons that are not inside a `${variable}`. */
export function splitArn(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let inVariable = false;
  for (let at = 0; at < text.length && parts.length < partCount - 1; at += 1) {
    const character = text.charAt(at);
    if (character === '$' && text.charAt(at + 1) === '{') inVariable = true;
    else if (character === '}') inVariable = false;
    else if (character === ':' && !inVariable) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
