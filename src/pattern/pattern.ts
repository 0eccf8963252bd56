// Event patterns: JSON documents that say which events are meant. EventBridge rules, event source mappings and subscription filters have
// one language with different sets of operators.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-content-based-filtering.html

/** Whether one event is meant. `event` is what JSON.parse answers. */
export type Pattern = (event: unknown) => boolean;

/** What the innermost lists of a pattern may hold besides values. */
export type Operator = 'prefix' | 'suffix' | 'equals-ignore-case' | 'anything-but' | 'numeric' | 'exists' | 'wildcard' | 'cidr';

export interface PatternOptions {
  /** All of them when absent. */
  readonly operators?: ReadonlySet<Operator>;
  /** Levels of objects; 64 when absent. */
  readonly depthMax?: number;
}

/** What is wrong with a pattern; `message` names the place. */
export class PatternError extends Error {}

type Json = Readonly<Record<string, unknown>>;
type Test = (value: unknown, present: boolean) => boolean;

const depthMaxDefault = 64;

/** Compiles the JSON text of a pattern. Throws {@link PatternError}. */
export function compilePattern(text: string, options: PatternOptions = {}): Pattern {
  let source: unknown;
  try {
    source = JSON.parse(text);
  } catch {
    throw new PatternError('the pattern is not JSON');
  }
  if (!isObject(source)) throw new PatternError('the pattern is not an object');
  const test = compileObject(source, options, []);
  return (event) => test(event, true);
}

function compileObject(source: Json, options: PatternOptions, path: readonly string[]): Test {
  if (path.length > (options.depthMax ?? depthMaxDefault)) throw new PatternError('the pattern is too deep');
  const entries = Object.entries(source);
  if (entries.length === 0) throw new PatternError(`${placeOf(path)} is empty`);
  const tests = entries.map(([key, value]): Test => {
    if (key === '$or' && isAlternatives(value)) return compileAlternatives(value, options, path);
    const test = compileMember(value, options, [...path, key]);
    return (event) => {
      const present = isObject(event) && Object.hasOwn(event, key);
      return test(present ? event[key] : undefined, present);
    };
  });
  const all: Test = (event) => tests.every((test) => test(event, true));
  // Of a list of objects one must have everything that is asked for.
  return (event) => (Array.isArray(event) ? event.some((item) => all(item, true)) : all(event, true));
}

function compileMember(value: unknown, options: PatternOptions, path: readonly string[]): Test {
  if (isObject(value)) return compileObject(value, options, path);
  if (!Array.isArray(value)) throw new PatternError(`${placeOf(path)} is neither an object nor a list`);
  if (value.length === 0) throw new PatternError(`${placeOf(path)} is an empty list`);
  const tests = value.map((item: unknown) => compileLeaf(item, options, path));
  return (found, present) => tests.some((test) => test(found, present));
}

const isAlternatives = (value: unknown): value is readonly Json[] => Array.isArray(value) && value.length >= 2 && value.every(isObject);

function compileAlternatives(alternatives: readonly Json[], options: PatternOptions, path: readonly string[]): Test {
  const tests = alternatives.map((alternative) => compileObject(alternative, options, [...path, '$or']));
  return (event) => tests.some((test) => test(event, true));
}

/** One entry of an innermost list: a value, or an operator. Of a list in the event one item is enough. */
function compileLeaf(item: unknown, options: PatternOptions, path: readonly string[]): Test {
  if (isScalar(item)) return ofAny((value) => value === item);
  const [operator, operand] = operatorOf(item, path);
  if (options.operators !== undefined && !options.operators.has(operator)) throw new PatternError(`${placeOf(path)} has the operator ${operator}`);
  if (operator === 'exists') {
    if (typeof operand !== 'boolean') throw new PatternError(`${placeOf(path)}: exists takes true or false`);
    return (value, present) => (present && !isObject(value)) === operand;
  }
  return ofAny(compileOperator(operator, operand, path));
}

const ofAny =
  (test: (value: unknown) => boolean): Test =>
  (value, present) =>
    present && (Array.isArray(value) ? value.some(test) : test(value));

const operatorNames: ReadonlySet<string> = new Set<Operator>(['prefix', 'suffix', 'equals-ignore-case', 'anything-but', 'numeric', 'exists', 'wildcard', 'cidr']);

function operatorOf(item: unknown, path: readonly string[]): [Operator, unknown] {
  const entries = isObject(item) ? Object.entries(item) : [];
  const [first] = entries;
  if (entries.length !== 1 || first === undefined || !operatorNames.has(first[0])) throw new PatternError(`${placeOf(path)} has an entry that is neither a value nor an operator`);
  return [first[0] as Operator, first[1]];
}

function compileOperator(operator: Operator, operand: unknown, path: readonly string[]): (value: unknown) => boolean {
  switch (operator) {
    case 'prefix':
    case 'suffix':
      return compileEnd(operator, operand, path);
    case 'equals-ignore-case':
      return textTest(requireText(operand, operator, path).toLowerCase(), (value, wanted) => value.toLowerCase() === wanted);
    case 'wildcard':
      return compileWildcard(requireText(operand, operator, path), path);
    case 'numeric':
      return compileNumeric(operand, path);
    case 'cidr':
      return compileCidr(requireText(operand, operator, path), path);
    case 'anything-but':
      return compileAnythingBut(operand, path);
    case 'exists':
      throw new PatternError(`${placeOf(path)}: exists stands alone`);
  }
}

function compileEnd(operator: 'prefix' | 'suffix', operand: unknown, path: readonly string[]): (value: unknown) => boolean {
  const ends = (text: string, end: string): boolean => (operator === 'prefix' ? text.startsWith(end) : text.endsWith(end));
  if (isObject(operand)) {
    const wanted = requireText(operand['equals-ignore-case'], operator, path).toLowerCase();
    return textTest(wanted, (value) => ends(value.toLowerCase(), wanted));
  }
  return textTest(requireText(operand, operator, path), ends);
}

function compileAnythingBut(operand: unknown, path: readonly string[]): (value: unknown) => boolean {
  if (isObject(operand)) {
    const [operator, inner] = operatorOf(operand, path);
    if (operator === 'anything-but' || operator === 'exists' || operator === 'numeric' || operator === 'cidr') throw new PatternError(`${placeOf(path)}: anything-but takes no ${operator}`);
    const tests = (Array.isArray(inner) ? inner : [inner]).map((item: unknown) => compileOperator(operator, item, path));
    if (tests.length === 0) throw new PatternError(`${placeOf(path)}: anything-but takes at least one value`);
    return (value) => isScalar(value) && !tests.some((test) => test(value));
  }
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (values.length === 0 || !values.every(isScalar)) throw new PatternError(`${placeOf(path)}: anything-but takes values`);
  return (value) => isScalar(value) && !values.includes(value);
}

/** Without backtracking: each part between two stars is searched for once. */
function compileWildcard(text: string, path: readonly string[]): (value: unknown) => boolean {
  const parts = splitWildcard(text, path);
  const [head = '', ...rest] = parts;
  const tail = rest.pop();
  return (value) => {
    if (typeof value !== 'string') return false;
    if (tail === undefined) return value === head;
    if (!value.startsWith(head) || value.length < head.length + tail.length || !value.endsWith(tail)) return false;
    let at = head.length;
    const end = value.length - tail.length;
    for (const part of rest) {
      const found = value.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return at <= end;
  };
}

function splitWildcard(text: string, path: readonly string[]): string[] {
  const parts = [''];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === '*') {
      if (text.charAt(at + 1) === '*') throw new PatternError(`${placeOf(path)}: a wildcard has no two stars in a row`);
      parts.push('');
      continue;
    }
    const escapes = letter === '\\' && ['*', '\\'].includes(text.charAt(at + 1));
    if (escapes) at += 1;
    parts[parts.length - 1] += escapes ? text.charAt(at) : letter;
  }
  return parts;
}

const comparisons: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '=': (value, limit) => value === limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

function compileNumeric(operand: unknown, path: readonly string[]): (value: unknown) => boolean {
  const words: readonly unknown[] = Array.isArray(operand) ? operand : [];
  if (words.length !== 2 && words.length !== 4) throw new PatternError(`${placeOf(path)}: numeric takes one comparison or two`);
  const tests: ((value: number) => boolean)[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const sign = words[at];
    const limit = words[at + 1];
    const compare = typeof sign === 'string' && Object.hasOwn(comparisons, sign) ? comparisons[sign] : undefined;
    if (compare === undefined || typeof limit !== 'number') throw new PatternError(`${placeOf(path)}: numeric takes comparisons with numbers`);
    tests.push((value) => compare(value, limit));
  }
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

function compileCidr(text: string, path: readonly string[]): (value: unknown) => boolean {
  const [address = '', length = ''] = text.split('/');
  const network = addressBits(address);
  const bits = Number(length);
  if (network === undefined || !/^\d{1,3}$/.test(length) || bits > network.length) throw new PatternError(`${placeOf(path)}: cidr takes a block of addresses`);
  const wanted = network.slice(0, bits);
  return (value) => {
    const found = typeof value === 'string' ? addressBits(value) : undefined;
    return found !== undefined && found.length === network.length && found.startsWith(wanted);
  };
}

/** An IP address as a text of zeros and ones. */
function addressBits(text: string): string | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const bytes = text.split('.').map(Number);
    return bytes.every((byte) => byte < 256) ? bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('') : undefined;
  }
  if (text.length > 39 || !/^[0-9a-f:]+$/i.test(text) || !text.includes(':')) return undefined;
  const [left = '', right, more] = text.split('::');
  const groupsOf = (half: string): string[] => (half === '' ? [] : half.split(':'));
  const before = groupsOf(left);
  const after = groupsOf(right ?? '');
  const missing = 8 - before.length - after.length;
  if (more !== undefined || (right === undefined ? missing !== 0 : missing < 1)) return undefined;
  const groups = [...before, ...new Array<string>(Math.max(0, missing)).fill('0'), ...after];
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('') : undefined;
}

const textTest =
  (wanted: string, test: (value: string, wanted: string) => boolean) =>
  (value: unknown): boolean =>
    typeof value === 'string' && test(value, wanted);

function requireText(value: unknown, operator: Operator, path: readonly string[]): string {
  if (typeof value !== 'string') throw new PatternError(`${placeOf(path)}: ${operator} takes a text`);
  return value;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value);
const placeOf = (path: readonly string[]): string => (path.length === 0 ? 'the pattern' : path.join('.'));
