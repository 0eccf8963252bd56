// Checks typed input against what the model demands, and says what is wrong in the words AWS uses for all its services:
// "2 validation errors detected: Value '' at 'roleName' failed to satisfy constraint: Member must have length …; Value …".

import { ServiceError } from '../base/errors.ts';
import { constraintValueCharsMax, nestingMax, violationsMax } from './limits.ts';
import { matchesPattern } from './patterns.ts';
import type { ListShape, MapShape, Member, OperationModel, ScalarShape, Shape, StructureShape } from './model.ts';

type Check = (value: unknown, path: string, violations: string[], depth: number) => void;

/** Throws a ServiceError of this code when the input violates the model; the message lists every violation. */
export function checkConstraints(operation: OperationModel, input: object, errorCode: string): void {
  if (!operation.input) return;
  const check = structureCheck(operation.input);
  if (!check) return;
  const violations: string[] = [];
  check(input, '', violations, 0);
  if (violations.length === 0) return;
  const found = violations.length === 1 ? '1 validation error detected' : `${violations.length} validation errors detected`;
  throw new ServiceError(errorCode, `${found}: ${violations.join('; ')}`, { status: 400 });
}

interface Compiled {
  check: Check | undefined;
  pending: boolean;
}

const compiled = new WeakMap<Shape, Compiled>();

// Undefined when nothing in or below the shape is constrained: most of a big input is then never walked.
function structureCheck(shape: StructureShape): Check | undefined {
  return remember(shape, () => {
    const members = shape.members.flatMap((member) => {
      const check = memberCheck(member);
      return check || member.required ? [{ name: member.name, label: lowerFirst(member.name), required: member.required, check }] : [];
    });
    if (members.length === 0) return undefined;
    return (value, path, violations, depth) => {
      if (typeof value !== 'object' || value === null || depth > nestingMax) return;
      const source = value as Readonly<Record<string, unknown>>;
      for (const { name, label, required, check } of members) {
        const item = source[name];
        if (item === undefined || item === null) {
          if (required) report(violations, `Value null at '${path}${label}' failed to satisfy constraint: Member must not be null`);
        } else check?.(item, `${path}${label}`, violations, depth);
      }
    };
  });
}

function remember(shape: Shape, compile: () => Check | undefined): Check | undefined {
  const known = compiled.get(shape);
  // A shape that contains itself is taken to be constrained: its check is looked up when it runs.
  if (known) return known.pending ? (value, path, violations, depth) => known.check?.(value, path, violations, depth) : known.check;
  const entry: Compiled = { check: undefined, pending: true };
  compiled.set(shape, entry);
  entry.check = compile();
  entry.pending = false;
  return entry.check;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function report(violations: string[], text: string): void {
  if (violations.length < violationsMax) violations.push(text);
}

function memberCheck(member: Member): Check | undefined {
  const { target } = member;
  if (target.kind === 'structure') {
    const check = structureCheck(target);
    return check && ((value, path, violations, depth) => check(value, `${path}.`, violations, depth + 1));
  }
  // Bounds on the member itself take the place of its shape's.
  const unchanged = member.min === undefined && member.max === undefined && member.pattern === undefined && member.sensitive === target.sensitive;
  const bounded = unchanged
    ? target
    : { ...target, min: member.min ?? target.min, max: member.max ?? target.max, pattern: member.pattern ?? target.pattern };
  const sensitive = member.sensitive;
  if (bounded.kind === 'scalar') return scalarCheck(bounded, sensitive);
  return bounded.kind === 'list' ? listCheck(bounded, sensitive) : mapCheck(bounded, sensitive);
}

interface Rule {
  readonly text: string;
  readonly holds: (value: unknown) => boolean;
}

function scalarCheck(shape: ScalarShape, sensitive: boolean): Check | undefined {
  const rules = scalarRules(shape);
  if (rules.length === 0) return undefined;
  return (value, path, violations) => {
    for (const rule of rules) if (!rule.holds(value)) report(violations, violation(value, path, sensitive, rule.text));
  };
}

// The order in which AWS reports: enum, pattern, then lengths.
function scalarRules({ type, values, pattern, min, max }: ScalarShape): Rule[] {
  const rules: Rule[] = [];
  if (values) {
    const allowed = new Set(values);
    rules.push({ text: `Member must satisfy enum value set: [${values.join(', ')}]`, holds: (value) => allowed.has(value as string) });
  }
  if (pattern !== undefined && type === 'string') {
    rules.push({ text: `Member must satisfy regular expression pattern: ${pattern}`, holds: (value) => matchesPattern(pattern, String(value), max) });
  }
  return [...rules, ...sizeRules(min, max, type === 'string' || type === 'blob')];
}

function sizeRules(min: number | undefined, max: number | undefined, isLength: boolean): Rule[] {
  const noun = isLength ? 'length' : 'value';
  const rules: Rule[] = [];
  if (max !== undefined) rules.push({ text: `Member must have ${noun} less than or equal to ${max}`, holds: (value) => sizeOf(value) <= max });
  if (min !== undefined && !(isLength && min <= 0)) rules.push({ text: `Member must have ${noun} greater than or equal to ${min}`, holds: (value) => sizeOf(value) >= min });
  return rules;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  if (value instanceof Uint8Array) return value.byteLength;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function listCheck(shape: ListShape, sensitive: boolean): Check | undefined {
  return remember(shape, () => {
    const rules = sizeRules(shape.min, shape.max, true);
    if (shape.uniqueItems) rules.push({ text: 'Member must have unique values', holds: (value) => !Array.isArray(value) || value.length > (shape.max ?? Infinity) || isUnique(value) });
    const { target } = shape.member;
    // Scalars are judged as a whole ("Member must satisfy constraint: […]"), structures one by one ("at 'tags.1.member.key'").
    const itemRules = target.kind === 'scalar' ? scalarRules(target) : [];
    const itemText = `Member must satisfy constraint: [${summary(itemRules)}]`;
    const item = target.kind === 'scalar' ? undefined : memberCheck(shape.member);
    if (rules.length === 0 && itemRules.length === 0 && !item && shape.sparse) return undefined;
    return (value, path, violations, depth) => {
      if (!Array.isArray(value) || depth > nestingMax) return;
      for (const rule of rules) if (!rule.holds(value)) report(violations, violation(value, path, sensitive, rule.text));
      // What exceeds its bound is not walked: it may be endless.
      if (shape.max !== undefined && value.length > shape.max) return;
      let unfit = false;
      for (const [index, entry] of value.entries()) {
        if (violations.length >= violationsMax) return;
        if (entry === null) report(violations, `Value null at '${path}.${index + 1}.member' failed to satisfy constraint: Member must not be null`);
        else if (item) item(entry, `${path}.${index + 1}.member`, violations, depth + 1);
        else unfit ||= itemRules.some((rule) => !rule.holds(entry));
      }
      if (unfit) report(violations, violation(value, path, sensitive || shape.member.sensitive, itemText));
    };
  });
}

function isUnique(values: readonly unknown[]): boolean {
  return new Set(values.map(identityOf)).size === values.length;
}

function identityOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (typeof value !== 'object' || value === null || value instanceof Date) return JSON.stringify(value) ?? '';
  // The order of names makes no difference between two structures.
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${name}:${identityOf((value as Readonly<Record<string, unknown>>)[name])}`).join(',')}}`;
}

function mapCheck(shape: MapShape, sensitive: boolean): Check | undefined {
  return remember(shape, () => {
    const rules = sizeRules(shape.min, shape.max, true);
    const keyRules = shape.key.target.kind === 'scalar' ? scalarRules(shape.key.target) : [];
    const valueRules = shape.value.target.kind === 'scalar' ? scalarRules(shape.value.target) : [];
    const item = shape.value.target.kind === 'scalar' ? undefined : memberCheck(shape.value);
    if (rules.length === 0 && keyRules.length === 0 && valueRules.length === 0 && !item) return undefined;
    const masked = sensitive || shape.key.sensitive || shape.value.sensitive;
    return (value, path, violations, depth) => {
      if (typeof value !== 'object' || value === null || depth > nestingMax) return;
      for (const rule of rules) if (!rule.holds(value)) report(violations, violation(value, path, masked, rule.text));
      const entries = Object.entries(value);
      if (shape.max !== undefined && entries.length > shape.max) return;
      if (entries.some(([key]) => keyRules.some((rule) => !rule.holds(key)))) {
        report(violations, violation(value, path, masked, `Map keys must satisfy constraint: [${summary(keyRules)}]`));
      }
      if (valueRules.length > 0 && entries.some(([, entry]) => entry !== null && valueRules.some((rule) => !rule.holds(entry)))) {
        report(violations, violation(value, path, masked, `Map value must satisfy constraint: [${summary(valueRules)}]`));
      }
      if (item) {
        for (const [key, entry] of entries) {
          if (violations.length >= violationsMax) return;
          if (entry !== null) item(entry, `${path}.${key}.member`, violations, depth + 1);
        }
      }
    };
  });
}

// Inside brackets AWS lists all rules of a member, lengths first.
function summary(rules: readonly Rule[]): string {
  const isLength = (rule: Rule): boolean => rule.text.startsWith('Member must have');
  return [...rules.filter(isLength), ...rules.filter((rule) => !isLength(rule))].map((rule) => rule.text).join(', ');
}

function violation(value: unknown, path: string, sensitive: boolean, text: string): string {
  return `Value ${sensitive ? '' : `'${display(value)}' `}at '${path}' failed to satisfy constraint: ${text}`;
}

// As Java prints: [a, b], {k=v}, {name=value}. Cut off where a value would make the answer larger than it is worth.
function display(value: unknown): string {
  const text = displayWhole(value, 0, { left: constraintValueCharsMax });
  return text.length > constraintValueCharsMax ? `${text.slice(0, constraintValueCharsMax)}...` : text;
}

function displayWhole(value: unknown, depth: number, budget: { left: number }): string {
  if (budget.left <= 0 || depth > 8) return '...';
  if (value instanceof Uint8Array) return `java.nio.HeapByteBuffer[pos=0 lim=${value.byteLength} cap=${value.byteLength}]`;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) {
    const text = typeof value === 'string' ? value.slice(0, constraintValueCharsMax + 1) : String(value);
    budget.left -= text.length + 2;
    return text;
  }
  const parts: string[] = [];
  const isArray = Array.isArray(value);
  for (const [key, item] of Object.entries(value)) {
    if (budget.left <= 0) break;
    if (item === undefined) continue;
    const text = displayWhole(item, depth + 1, budget);
    parts.push(isArray ? text : `${key}=${text}`);
  }
  return isArray ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`;
}
