// Which rules of a bus an event meets. Most patterns name some exact values (a source, a detail type, a name in the detail): each rule is
// filed under the values of one such place, the one that tells most rules apart, and an event is compared only with the rules that are
// filed under what it has there, and with those that name nothing exactly.

import { compilePattern, type Pattern } from '../../../pattern/pattern.ts';

export interface IndexedRule<Rule> {
  readonly rule: Rule;
  readonly pattern: Pattern;
}

export interface RuleIndex<Rule> {
  /** In the order in which the rules were given. */
  match(event: unknown): Rule[];
}

interface Filed<Rule> {
  readonly order: number;
  readonly rule: Rule;
  readonly pattern: Pattern;
  /** Places where the pattern names exact values only. */
  readonly exact: ReadonlyMap<string, ReadonlySet<string>>;
}

interface Shelf<Rule> {
  readonly path: readonly string[];
  readonly byValue: Map<string, Filed<Rule>[]>;
}

/** `textOf` answers the pattern of a rule. Rules whose pattern cannot be read are left out. */
export function indexRules<Rule>(rules: readonly Rule[], textOf: (rule: Rule) => string): RuleIndex<Rule> {
  const filed: Filed<Rule>[] = [];
  rules.forEach((rule, order) => {
    const text = textOf(rule);
    filed.push({ order, rule, pattern: compilePattern(text), exact: exactPlaces(JSON.parse(text)) });
  });
  const spread = new Map<string, Set<string>>();
  for (const { exact } of filed) {
    for (const [place, values] of exact) {
      const known = spread.get(place) ?? new Set();
      for (const value of values) known.add(value);
      spread.set(place, known);
    }
  }
  const shelves = new Map<string, Shelf<Rule>>();
  const others: Filed<Rule>[] = [];
  for (const one of filed) {
    const [best] = [...one.exact.keys()].sort((a, b) => (spread.get(b)?.size ?? 0) - (spread.get(a)?.size ?? 0));
    if (best === undefined) {
      others.push(one);
      continue;
    }
    const shelf = shelves.get(best) ?? { path: JSON.parse(best) as string[], byValue: new Map() };
    shelves.set(best, shelf);
    for (const value of one.exact.get(best) ?? []) {
      const list = shelf.byValue.get(value) ?? [];
      shelf.byValue.set(value, list);
      list.push(one);
    }
  }
  return {
    match(event) {
      const candidates = new Set<Filed<Rule>>(others);
      for (const { path, byValue } of shelves.values()) {
        for (const value of valuesAt(event, path, 0)) for (const one of byValue.get(value) ?? []) candidates.add(one);
      }
      return [...candidates]
        .filter(({ pattern }) => pattern(event))
        .sort((a, b) => a.order - b.order)
        .map(({ rule }) => rule);
    },
  };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value);
const keyOf = (value: unknown): string => `${typeof value}:${String(value)}`;

function exactPlaces(pattern: unknown): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const walk = (value: unknown, path: readonly string[]): void => {
    if (!isObject(value)) return;
    for (const [name, member] of Object.entries(value)) {
      // Its alternatives need not hold, and a list of that name may be one.
      if (name === '$or') continue;
      if (isObject(member)) walk(member, [...path, name]);
      else if (Array.isArray(member) && member.every(isScalar)) found.set(JSON.stringify([...path, name]), new Set(member.map(keyOf)));
    }
  };
  walk(pattern, []);
  return found;
}

/** Every scalar that a pattern could meet at a path: lists on the way stand for each of their items. */
function* valuesAt(value: unknown, path: readonly string[], from: number): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) yield* valuesAt(item, path, from);
    return;
  }
  const name = path[from];
  if (name === undefined) {
    if (isScalar(value)) yield keyOf(value);
  } else if (isObject(value) && Object.hasOwn(value, name)) yield* valuesAt(value[name], path, from + 1);
}
