// The condition operators (IAM user guide, "IAM JSON policy elements: Condition operators"). Each says how one value of
// the request compares with one value of the policy; what several values, missing keys and negation mean is said once.

import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { compileArnPattern, matchesArnPattern } from './arnPattern.ts';
import { compilePattern, matchesPattern, patternText } from './pattern.ts';
import type { Condition, ConditionContext, Operand } from './types.ts';

interface Operator {
  /** `*` and `?` in the policy's value are wildcards. */
  readonly wildcards: boolean;
  /** True when the operator says "none of these". */
  readonly negated: boolean;
  readonly compare: (actual: string, expected: Operand, context: ConditionContext) => boolean;
}

/** True when every condition of a statement holds. */
export function conditionsHold(conditions: readonly Condition[], context: ConditionContext): boolean {
  return conditions.every((condition) => conditionHolds(condition, context));
}

/** The first condition of a statement that does not hold. */
export function findUnmet(conditions: readonly Condition[], context: ConditionContext): Condition | undefined {
  return conditions.find((condition) => !conditionHolds(condition, context));
}

/** Compiles one value of a condition. */
export function compileOperand(operator: string, source: string, variables: boolean): Operand {
  // Only the string and ARN operators fill in variables (IAM user guide, "Policy variables", "Condition element").
  const options = { variables: variables && /^(string|arn)/.test(operator), wildcards: operators.get(operator)?.wildcards ?? false };
  const arn = operator.startsWith('arn') && source !== '*' ? compileArnPattern(source, options) : undefined;
  const block = operator.endsWith('ipaddress') ? addressBlock(source) : undefined;
  return { pattern: compilePattern(source, options), arn, block };
}

/** Splits `ForAnyValue:StringLikeIfExists` into its parts; undefined when there is no such operator. Case does not matter. */
export function parseOperator(text: string): Pick<Condition, 'operator' | 'quantifier' | 'ifExists'> | undefined {
  const match = /^(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?$/.exec(text.toLowerCase());
  if (!match) return undefined;
  const [, set, name = '', ifExists] = match;
  if (name === 'null') return ifExists === undefined ? { operator: name, quantifier: 'one', ifExists: false } : undefined;
  if (!operators.has(name)) return undefined;
  const quantifier = set === undefined ? 'one' : set === 'forallvalues' ? 'all' : 'any';
  return { operator: name, quantifier, ifExists: ifExists !== undefined };
}

/** Whether `text` can stand as a value of the operator; AWS refuses documents in which it cannot. */
export function isOperand(operator: string, text: string): boolean {
  if (text.includes('${')) return true;
  if (operator.startsWith('date')) return !Number.isNaN(dateMs(text));
  if (operator.startsWith('numeric')) return !Number.isNaN(number(text));
  return true;
}

function conditionHolds(condition: Condition, context: ConditionContext): boolean {
  const actual = context.get(condition.key);
  if (condition.operator === 'null') {
    const absent = actual === undefined || actual.length === 0;
    return condition.values.some((value) => patternText(value.pattern, context)?.toLowerCase() === String(absent));
  }
  const operator = operators.get(condition.operator);
  if (!operator) return false;
  if (actual === undefined || actual.length === 0) {
    if (condition.ifExists || condition.quantifier === 'all') return true;
    // A negated operator holds for a key that is not there; "any value" needs at least one.
    return operator.negated && condition.quantifier === 'one';
  }
  const matches = (value: string): boolean => condition.values.some((expected) => operator.compare(value, expected, context));
  if (condition.quantifier === 'all') return actual.every((value) => matches(value) !== operator.negated);
  if (condition.quantifier === 'any') return actual.some((value) => matches(value) !== operator.negated);
  return actual.some(matches) !== operator.negated;
}

const operators: ReadonlyMap<string, Operator> = new Map([
  ...pair('stringequals', 'stringnotequals', false, textComparison((actual, expected) => actual === expected)),
  ...pair('stringequalsignorecase', 'stringnotequalsignorecase', false, textComparison((actual, expected) => actual.toLowerCase() === expected.toLowerCase())),
  ...pair('stringlike', 'stringnotlike', true, (actual, expected, context) => matchesPattern(expected.pattern, actual, context)),
  ...pair('arnequals', 'arnnotequals', true, compareArns),
  ...pair('arnlike', 'arnnotlike', true, compareArns),
  ...pair('numericequals', 'numericnotequals', false, ordered(number, (actual, expected) => actual === expected)),
  ...pair('dateequals', 'datenotequals', false, ordered(dateMs, (actual, expected) => actual === expected)),
  ...ranges('numeric', number),
  ...ranges('date', dateMs),
  ...pair('ipaddress', 'notipaddress', false, (actual, { block }) => block?.(actual) ?? false),
  single('bool', textComparison((actual, expected) => actual.toLowerCase() === expected.toLowerCase())),
  single('binaryequals', textComparison((actual, expected) => Buffer.from(actual, 'base64').equals(Buffer.from(expected, 'base64')))),
]);

function single(name: string, compare: Operator['compare']): [string, Operator] {
  return [name, { wildcards: false, negated: false, compare }];
}

function pair(name: string, negatedName: string, wildcards: boolean, compare: Operator['compare']): [string, Operator][] {
  return [
    [name, { wildcards, negated: false, compare }],
    [negatedName, { wildcards, negated: true, compare }],
  ];
}

function ranges(prefix: string, read: (text: string) => number): [string, Operator][] {
  return [
    single(`${prefix}lessthan`, ordered(read, (actual, expected) => actual < expected)),
    single(`${prefix}lessthanequals`, ordered(read, (actual, expected) => actual <= expected)),
    single(`${prefix}greaterthan`, ordered(read, (actual, expected) => actual > expected)),
    single(`${prefix}greaterthanequals`, ordered(read, (actual, expected) => actual >= expected)),
  ];
}

function textComparison(compare: (actual: string, expected: string) => boolean): Operator['compare'] {
  return (actual, expected, context) => {
    const text = patternText(expected.pattern, context);
    return text !== undefined && compare(actual, text);
  };
}

// NaN compares false with everything, so a value that cannot be read never matches.
function ordered(read: (text: string) => number, compare: (actual: number, expected: number) => boolean): Operator['compare'] {
  return textComparison((actual, expected) => compare(read(actual), read(expected)));
}

function number(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
}

// ISO 8601 (W3C profile: a year alone up to fractions of a second), or seconds since 1970.
const isoDate = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{1,2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?)?)?$/i;

function dateMs(text: string): number {
  if (/^-?\d{5,19}$/.test(text)) return Math.abs(Number(text)) < 2 ** 63 ? Number(text) * 1_000 : Number.NaN;
  const match = isoDate.exec(text);
  if (!match) return Number.NaN;
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  const offset = /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase();
  return Date.parse(`${year}-${month}-${day}T${hour.padStart(2, '0')}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`);
}

function compareArns(actual: string, expected: Operand, context: ConditionContext): boolean {
  if (expected.arn === undefined) return matchesPattern(expected.pattern, actual, context);
  return matchesArnPattern(expected.arn, actual, context);
}

// An address, or a block in CIDR notation (RFC 4632); undefined when the text is neither, which no address matches.
function addressBlock(range: string): Operand['block'] {
  const [network = '', prefixText] = range.split('/');
  const family = familyOf(network);
  if (family === undefined || (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText))) return undefined;
  const bits = family === 'ipv4' ? 32 : 128;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  if (prefix > bits) return undefined;
  const block = new BlockList();
  block.addSubnet(network, prefix, family);
  return (address) => familyOf(address) === family && block.check(address, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  return isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;
}
