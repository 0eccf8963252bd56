import { createAccumulator, QueryTooLarge } from './aggregates.ts';
import type { Accumulator } from './aggregates.ts';
import { compileExpression } from './evaluate.ts';
import { aggregateColumn } from './plan.ts';
import type { Gathering } from './plan.ts';
import { recordOfRow } from './record.ts';
import type { WorkedRow } from './rowTask.ts';
import type { Value } from './syntax.ts';
import { compareValues, textOf } from './values.ts';

export type Row = Readonly<Record<string, Value>>;

/** Takes rows in, and answers what becomes of all of them. */
export interface Gatherer {
  add(row: WorkedRow): void;
  rows(): readonly Row[];
}

const groupsMax = 50_000;
const rowsMax = 10_000;
const heldBytesMax = 24 * 1024 * 1024;
/** Numbers and hashes that aggregates hold. */
const heldValuesMax = 4_000_000;

/** One stage's end. Without a gathering, rows are taken as they come. */
export function createGatherer(gathering: Gathering | undefined, nowMs: number): Gatherer {
  switch (gathering?.kind) {
    case 'stats':
      return createStats(gathering, nowMs);
    case 'sort':
      return createSort(gathering.descending, Math.min(rowsMax, gathering.keep));
    case 'dedup':
      return createDedup();
    case 'limit':
      return createList(gathering.count);
    default:
      return createList(rowsMax);
  }
}

function createHeld() {
  let bytes = 0;
  return {
    add(row: Row, sign: 1 | -1 = 1): void {
      for (const value of Object.values(row)) bytes += sign * (typeof value === 'string' ? value.length + 16 : typeof value === 'object' ? (textOf(value)?.length ?? 0) + 64 : 16);
      if (bytes > heldBytesMax) throw new QueryTooLarge();
    },
  };
}

function createList(countMax: number): Gatherer {
  const rows: Row[] = [];
  const held = createHeld();
  return {
    add({ fields }) {
      if (rows.length >= countMax) return;
      held.add(fields);
      rows.push(fields);
    },
    rows: () => rows,
  };
}

/** The first row of each combination of values; rows that lack one of them are dropped, as "dedup" does. */
function createDedup(): Gatherer {
  const seen = new Set<string>();
  const list = createList(rowsMax);
  return {
    add(row) {
      if (row.values.some((value) => value === undefined)) return;
      const key = JSON.stringify(row.values.map(textOf));
      if (seen.has(key)) return;
      if (seen.size >= groupsMax) throw new QueryTooLarge();
      seen.add(key);
      list.add(row);
    },
    rows: () => list.rows(),
  };
}

/** Keeps the first rows in the order: what comes later than those is let go. */
function createSort(descending: readonly boolean[], keep: number): Gatherer {
  let rows: (WorkedRow & { readonly at: number })[] = [];
  let arrived = 0;
  const held = createHeld();
  const compare = (a: { values: readonly Value[]; at: number }, b: { values: readonly Value[]; at: number }): number => {
    for (const [at, down] of descending.entries()) {
      const [x, y] = [a.values[at], b.values[at]];
      if (x === undefined && y === undefined) continue;
      if (x === undefined) return 1;
      if (y === undefined) return -1;
      const order = compareValues(x, y);
      if (order !== 0) return down ? -order : order;
    }
    return a.at - b.at;
  };
  const prune = (): void => {
    rows.sort(compare);
    for (const { fields } of rows.slice(keep)) held.add(fields, -1);
    rows = rows.slice(0, keep);
  };
  return {
    add(row) {
      held.add(row.fields);
      rows.push({ ...row, at: arrived });
      arrived += 1;
      if (rows.length >= keep * 2 + 1_000) prune();
    },
    rows() {
      prune();
      return rows.map(({ fields }) => fields);
    },
  };
}

function createStats({ aggregates, by, columns, aggregateOf }: Extract<Gathering, { kind: 'stats' }>, nowMs: number): Gatherer {
  const groups = new Map<string, { readonly keys: readonly Value[]; readonly accumulators: readonly Accumulator[] }>();
  const budget = { left: heldValuesMax };
  const open = (): readonly Accumulator[] => aggregates.map(({ name, parameter }) => createAccumulator(name, parameter, budget));
  const evaluators = columns.map(({ name, expression }) => [name, compileExpression(expression, nowMs, (call) => aggregateOf.get(call))] as const);
  const accumulatorsMax = groupsMax * 4;
  return {
    add({ values }) {
      const keys = values.slice(0, by.length);
      const key = JSON.stringify(keys.map((value) => textOf(value) ?? null));
      let group = groups.get(key);
      if (!group) {
        if (groups.size >= groupsMax || groups.size * aggregates.length >= accumulatorsMax) throw new QueryTooLarge();
        group = { keys, accumulators: open() };
        groups.set(key, group);
      }
      group.accumulators.forEach((accumulator, at) => accumulator.add(values[by.length + 1 + at], values[by.length]));
    },
    rows() {
      // Without a group, nothing still is one row: count(*) is 0.
      if (groups.size === 0 && by.length === 0) groups.set('', { keys: [], accumulators: open() });
      return [...groups.values()].map(({ keys, accumulators }) => {
        const record = recordOfRow(Object.fromEntries(accumulators.map((accumulator, at) => [aggregateColumn(at), accumulator.result()])));
        const row: Record<string, Value> = {};
        by.forEach((name, at) => (row[name] = keys[at]));
        for (const [name, evaluate] of evaluators) {
          row[name] = evaluate(record);
          // Later columns may name earlier ones.
          record.set(name, row[name]);
        }
        return row;
      });
    },
  };
}
