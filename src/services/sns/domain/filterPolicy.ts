// Which messages a subscription wants. The language is that of event patterns; what differs are its limits, its words, and what it is
// held against: the attributes of a message, or its body.
// https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html

import { compilePattern, type Pattern, PatternError } from '../../../pattern/pattern.ts';
import { filterBytesMax, filterCombinationsMax, filterDepthMax, filterKeysMax } from '../limits.ts';
import type { MessageContent } from './draft.ts';
import type { MessageAttributes } from './messageAttributes.ts';

export type FilterScope = 'MessageAttributes' | 'MessageBody';
export type MessageFilter = (content: Pick<MessageContent, 'message' | 'attributes'>) => boolean;

/** What is wrong with a policy, as the service says it after `FilterPolicy: `. */
export class FilterPolicyError extends Error {}

type Json = Readonly<Record<string, unknown>>;

/** Compiles a policy. Throws {@link FilterPolicyError}. */
export function compileFilter(text: string, scope: FilterScope): MessageFilter {
  const policy = parsePolicy(text);
  if (Object.keys(policy).length === 0) return () => true;
  checkPolicy(policy, scope);
  let pattern: Pattern;
  try {
    pattern = compilePattern(JSON.stringify(policy), { depthMax: filterDepthMax });
  } catch (error) {
    if (error instanceof PatternError) throw new FilterPolicyError(error.message);
    throw error;
  }
  return scope === 'MessageAttributes' ? ({ attributes }) => pattern(eventOfAttributes(attributes)) : ({ message }) => matchesBody(pattern, message);
}

function parsePolicy(text: string): Json {
  if (Buffer.byteLength(text) > filterBytesMax) throw new FilterPolicyError('Filter policy is too large');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new FilterPolicyError('failed to parse JSON.');
  }
  if (!isObject(parsed)) throw new FilterPolicyError('Filter policy must be a JSON object');
  return parsed;
}

interface Tally {
  keys: number;
}

function checkPolicy(policy: Json, scope: FilterScope): void {
  const tally: Tally = { keys: 0 };
  const combinations = combinationsOf(policy, scope, 1, tally);
  if (tally.keys > filterKeysMax) throw new FilterPolicyError(`Filter policy can not have more than ${filterKeysMax} keys`);
  if (combinations > filterCombinationsMax) throw new FilterPolicyError('Filter policy is too complex');
}

// "Multiply the number of values in each array", and by its depth for policies on the body ("Filter policy constraints").
function combinationsOf(policy: Json, scope: FilterScope, depth: number, tally: Tally): number {
  if (depth > filterDepthMax) throw new FilterPolicyError('Filter policy is too complex');
  let product = 1;
  for (const [key, value] of Object.entries(policy)) {
    if (key === '$or' && Array.isArray(value) && value.length > 1 && value.every(isObject)) {
      let sum = 0;
      for (const alternative of value) sum += combinationsOf(alternative, scope, depth, tally);
      product *= sum;
    } else if (Array.isArray(value)) {
      tally.keys += 1;
      if (value.length === 0) throw new FilterPolicyError('Empty arrays are not allowed');
      for (const entry of value) checkEntry(entry);
      product *= value.length * (scope === 'MessageBody' ? depth : 1);
    } else if (isObject(value)) {
      if (scope === 'MessageAttributes') throw new FilterPolicyError('Filter policy scope MessageAttributes does not support nested filter policy');
      if (Object.keys(value).length === 0) throw new FilterPolicyError('Empty objects are not allowed');
      product *= combinationsOf(value, scope, depth + 1, tally);
    } else throw new FilterPolicyError(`"${key.slice(0, 100)}" must be an object or an array`);
    if (product > filterCombinationsMax) throw new FilterPolicyError('Filter policy is too complex');
  }
  return product;
}

const operators = new Set(['prefix', 'suffix', 'equals-ignore-case', 'anything-but', 'numeric', 'exists', 'wildcard', 'cidr']);
// "From -10^9 to 10^9" ("Filter policy constraints").
const numberMax = 1_000_000_000;

function checkEntry(entry: unknown): void {
  if (entry === null || typeof entry === 'string' || typeof entry === 'boolean') return;
  if (typeof entry === 'number') return checkNumber(entry);
  if (!isObject(entry)) throw new FilterPolicyError('Match value must be String, number, true, false, or null');
  const names = Object.keys(entry);
  const [name = ''] = names;
  if (names.length !== 1) throw new FilterPolicyError('Only one key allowed in match expression');
  if (!operators.has(name)) throw new FilterPolicyError(`Unrecognized match type ${name.slice(0, 100)}`);
  const value = entry[name];
  if (name === 'exists' && typeof value !== 'boolean') throw new FilterPolicyError('exists match pattern must be either true or false.');
  if ((name === 'prefix' || name === 'suffix') && typeof value !== 'string' && !isObject(value)) throw new FilterPolicyError(`${name} match pattern must be a string`);
  if (name === 'numeric') checkNumeric(value);
}

function checkNumeric(value: unknown): void {
  if (!Array.isArray(value)) throw new FilterPolicyError('Value of numeric must be an array.');
  if (value.length === 0) throw new FilterPolicyError('Invalid member in numeric match: ]');
  for (let at = 0; at < value.length; at += 2) {
    const sign: unknown = value[at];
    const limit: unknown = value[at + 1];
    if (typeof sign !== 'string') throw new FilterPolicyError(`Invalid member in numeric match: ${JSON.stringify(sign)}`);
    if (!['=', '<', '<=', '>', '>='].includes(sign)) throw new FilterPolicyError(`Unrecognized numeric range operator: ${sign.slice(0, 20)}`);
    if (typeof limit !== 'number') throw new FilterPolicyError(`Value of ${sign} must be numeric`);
    checkNumber(limit);
  }
  if (value.length > 4) throw new FilterPolicyError('Too many elements in numeric expression');
  if (value.length === 4) checkRange(value as [string, number, string, number]);
}

function checkRange([first, low, second, high]: readonly [string, number, string, number]): void {
  if (!first.startsWith('>') || !second.startsWith('<')) throw new FilterPolicyError(`Bad numeric range operator: ${second}`);
  if (low >= high) throw new FilterPolicyError('Bottom must be less than top');
}

function checkNumber(value: number): void {
  if (Math.abs(value) > numberMax) throw new FilterPolicyError(`Numeric value must be between -${numberMax} and ${numberMax}`);
}

/** A list of strings counts as each of them; a number as its value; what is binary, as nothing. */
function eventOfAttributes(attributes: MessageAttributes): Json {
  const entries: [string, unknown][] = [];
  for (const [name, { type, value }] of Object.entries(attributes)) {
    if (typeof value !== 'string') continue;
    if (type === 'String.Array') entries.push([name, JSON.parse(value)]);
    else entries.push([name, type.startsWith('Number') ? Number(value) : value]);
  }
  return Object.fromEntries(entries);
}

// "If the message body isn't a well-formed JSON, the subscription with the policy doesn't receive it" ("Message filtering").
function matchesBody(pattern: Pattern, message: string): boolean {
  let body: unknown;
  try {
    body = JSON.parse(message);
  } catch {
    return false;
  }
  return isObject(body) && pattern(body);
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
