import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { floorTime, ceilTime, parsePeriod } from './periods.ts';
import type { Value } from './syntax.ts';
import { compareValues, cutMade, formatTime, numberOf, textOf, timeOf, truth } from './values.ts';

export interface CallContext {
  /** Of the event at hand. */
  readonly timestamp: Value;
  readonly nowMs: number;
}

export interface QueryFunction {
  readonly min: number;
  readonly max: number;
  run(args: readonly Value[], context: CallContext): Value;
}

const ofNumber = (run: (x: number) => number): QueryFunction => ({
  min: 1,
  max: 1,
  run([value]) {
    const number = numberOf(value);
    return number === undefined ? undefined : finite(run(number));
  },
});

const ofText = (run: (text: string) => Value): QueryFunction => ({
  min: 1,
  max: 1,
  run([value]) {
    const text = textOf(value);
    return text === undefined ? undefined : run(text);
  },
});

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

const extreme = (sign: 1 | -1): QueryFunction => ({
  min: 1,
  max: 20,
  run: (values) => values.filter((value) => value !== undefined).reduce<Value>((best, value) => (best === undefined || compareValues(value, best) * sign > 0 ? value : best), undefined),
});

const trimming = (cut: (text: string, from: boolean, to: boolean, set: string) => string, from: boolean, to: boolean): QueryFunction => ({
  min: 1,
  max: 2,
  run([value, characters]) {
    const text = textOf(value);
    return text === undefined ? undefined : cut(text, from, to, textOf(characters) ?? ' \t\n\r');
  },
});

function trimText(text: string, atStart: boolean, atEnd: boolean, characters: string): string {
  const set = new Set(characters);
  let [start, end] = [0, text.length];
  while (atStart && start < end && set.has(text.charAt(start))) start += 1;
  while (atEnd && end > start && set.has(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function rounding(round: (ms: number, period: NonNullable<ReturnType<typeof parsePeriod>>) => number): QueryFunction {
  return {
    min: 2,
    max: 2,
    run([value, length]) {
      const [ms, period] = [timeOf(value), parsePeriod(textOf(length) ?? '')];
      return ms === undefined || !period ? undefined : formatTime(round(ms, period));
    },
  };
}

const isFamily = (test: (text: string) => boolean): QueryFunction => ({ min: 1, max: 1, run: ([value]) => truth(typeof value === 'string' && test(value)) });

const inSubnet = (families: readonly number[]): QueryFunction => ({
  min: 2,
  max: 2,
  run([value, subnet]) {
    const address = textOf(value) ?? '';
    const found = /^([0-9a-fA-F:.]+)\/([0-9]{1,3})$/.exec(textOf(subnet) ?? '');
    const family = isIP(address);
    const length = Number(found?.[2]);
    if (!found || family === 0 || !families.includes(family) || isIP(found[1] ?? '') !== family || length > (family === 4 ? 32 : 128)) return 0;
    const list = new BlockList();
    const kind = family === 4 ? 'ipv4' : 'ipv6';
    list.addSubnet(found[1] ?? '', length, kind);
    return truth(list.check(address, kind));
  },
});

/**
 * Functions of one event.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html
 */
export const calls: ReadonlyMap<string, QueryFunction> = new Map<string, QueryFunction>([
  ['abs', ofNumber(Math.abs)],
  ['ceil', ofNumber(Math.ceil)],
  ['floor', ofNumber(Math.floor)],
  ['log', ofNumber(Math.log)],
  ['sqrt', ofNumber(Math.sqrt)],
  ['greatest', extreme(1)],
  ['least', extreme(-1)],
  ['ispresent', { min: 1, max: 1, run: ([value]) => truth(value !== undefined) }],
  ['coalesce', { min: 1, max: 20, run: (values) => values.find((value) => value !== undefined) }],
  ['if', { min: 3, max: 3, run: ([condition, yes, no]) => (condition !== undefined && condition !== 0 && condition !== '' ? yes : no) }],
  ['bin', { min: 1, max: 1, run: ([length], { timestamp }) => rounding(floorTime).run([timestamp, length], { timestamp, nowMs: 0 }) }],
  ['datefloor', rounding(floorTime)],
  ['dateceil', rounding(ceilTime)],
  ['frommillis', ofNumberToText(formatTime)],
  ['tomillis', { min: 1, max: 1, run: ([value]) => timeOf(value) }],
  ['now', { min: 0, max: 0, run: (_, { nowMs }) => Math.floor(nowMs / 1_000) }],
  ['isempty', { min: 1, max: 1, run: ([value]) => truth(value === undefined || value === '') }],
  ['isblank', { min: 1, max: 1, run: ([value]) => truth(value === undefined || (typeof value === 'string' && value.trim() === '')) }],
  ['concat', { min: 1, max: 50, run: (values) => cutMade(values.map((value) => textOf(value) ?? '').join('')) }],
  ['ltrim', trimming(trimText, true, false)],
  ['rtrim', trimming(trimText, false, true)],
  ['trim', trimming(trimText, true, true)],
  ['strlen', ofText((text) => [...text].length)],
  ['toupper', ofText((text) => text.toUpperCase())],
  ['tolower', ofText((text) => text.toLowerCase())],
  ['substr', { min: 2, max: 3, run: substring }],
  ['replace', { min: 3, max: 3, run: replaceText }],
  ['strcontains', { min: 2, max: 2, run: ([value, part]) => truth(textOf(value)?.includes(textOf(part) ?? '') ?? false) }],
  ['isvalidip', isFamily((text) => isIP(text) !== 0)],
  ['isvalidipv4', isFamily(isIPv4)],
  ['isvalidipv6', isFamily(isIPv6)],
  ['isipinsubnet', inSubnet([4, 6])],
  ['isipv4insubnet', inSubnet([4])],
  ['isipv6insubnet', inSubnet([6])],
  ['jsonparse', ofText(parseJson)],
  ['jsonstringify', { min: 1, max: 1, run: ([value]) => (value === undefined ? undefined : JSON.stringify(value)) }],
]);

function ofNumberToText(run: (x: number) => string): QueryFunction {
  return { min: 1, max: 1, run: ([value]) => (numberOf(value) === undefined ? undefined : run(numberOf(value) ?? 0)) };
}

function substring([value, start, length]: readonly Value[]): Value {
  const [text, from, count] = [textOf(value), numberOf(start), numberOf(length)];
  if (text === undefined || from === undefined) return undefined;
  return text.slice(Math.max(0, from), count === undefined ? undefined : Math.max(0, from) + Math.max(0, count));
}

function replaceText([value, part, replacement]: readonly Value[]): Value {
  const [text, old, next] = [textOf(value), textOf(part), textOf(replacement)];
  if (text === undefined || old === undefined || next === undefined) return undefined;
  if (old === '' || text.length * Math.max(1, next.length) > 64 * 1024 * 1024) return text;
  return cutMade(text.replaceAll(old, () => next));
}

function parseJson(text: string): Value {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'boolean' ? truth(parsed) : parsed === null ? undefined : (parsed as Value);
  } catch {
    return undefined;
  }
}
