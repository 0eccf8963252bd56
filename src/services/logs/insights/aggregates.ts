import { createHash } from 'node:crypto';
import type { Value } from './syntax.ts';
import { compareValues, numberOf, textOf } from './values.ts';

/** Takes the values of one aggregate function of one group. Bounded, however many come. */
export interface Accumulator {
  add(value: Value, timestamp: Value): void;
  result(): Value;
}

/** A query that needs more memory than one may have. */
export class QueryTooLarge extends Error {}

/** What all accumulators of a query may hold together. */
export interface Budget {
  left: number;
}

function spend(budget: Budget): void {
  budget.left -= 1;
  if (budget.left < 0) throw new QueryTooLarge();
}

const exactValuesMax = 4_096;
/** Beyond that, values fall into steps of one percent. */
const stepLog = Math.log(1.01);
const distinctMax = 4_096;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Stats.html */
export function createAccumulator(name: string, parameter: number, budget: Budget): Accumulator {
  switch (name) {
    case 'count':
      return createCount();
    case 'count_distinct':
      return createDistinct(budget);
    case 'pct':
    case 'median':
      return createPercentile(name === 'median' ? 50 : parameter, budget);
    case 'earliest':
    case 'latest':
      return createByTime(name === 'latest' ? 1 : -1);
    case 'sortsfirst':
    case 'sortslast':
      return createSorted(name === 'sortslast' ? 1 : -1);
    default:
      return createNumeric(name);
  }
}

function createCount(): Accumulator {
  let count = 0;
  return {
    add(value) {
      if (value !== undefined) count += 1;
    },
    result: () => count,
  };
}

function createNumeric(name: string): Accumulator {
  let [count, sum, min, max] = [0, 0, Infinity, -Infinity];
  let [mean, squares] = [0, 0];
  return {
    add(value) {
      const number = numberOf(value);
      if (number === undefined) return;
      count += 1;
      sum += number;
      min = Math.min(min, number);
      max = Math.max(max, number);
      const delta = number - mean;
      mean += delta / count;
      squares += delta * (number - mean);
    },
    result() {
      if (count === 0) return name === 'sum' ? 0 : undefined;
      if (name === 'sum') return rounded(sum);
      if (name === 'min') return min;
      if (name === 'max') return max;
      return rounded(name === 'avg' ? sum / count : Math.sqrt(squares / count));
    },
  };
}

/** As results show them: at most four places. */
const rounded = (value: number): number => Number(value.toFixed(4));

function createPercentile(percent: number, budget: Budget): Accumulator {
  let values: number[] = [];
  let steps: Map<number, number> | undefined;
  let count = 0;
  const stepOf = (value: number): number => (value === 0 ? 0 : Math.sign(value) * (Math.round(Math.log(Math.abs(value)) / stepLog) + 100_000));
  const valueOf = (step: number): number => (step === 0 ? 0 : Math.sign(step) * Math.exp((Math.abs(step) - 100_000) * stepLog));
  const addStep = (value: number): void => void steps?.set(stepOf(value), (steps.get(stepOf(value)) ?? 0) + 1);
  return {
    add(value) {
      const number = numberOf(value);
      if (number === undefined) return;
      count += 1;
      if (steps) return addStep(number);
      spend(budget);
      values.push(number);
      if (values.length <= exactValuesMax) return;
      steps = new Map();
      values.forEach(addStep);
      values = [];
    },
    result() {
      if (count === 0) return undefined;
      const rank = Math.min(count - 1, Math.max(0, Math.ceil((percent / 100) * count) - 1));
      if (!steps) return rounded(values.sort((a, b) => a - b)[rank] ?? 0);
      let seen = 0;
      for (const [step, found] of [...steps].sort(([a], [b]) => a - b)) {
        seen += found;
        if (seen > rank) return rounded(valueOf(step));
      }
      return undefined;
    },
  };
}

// "If the field has very high cardinality, the value returned by count_distinct is just an approximation": the smallest hashes tell how many there are.
function createDistinct(budget: Budget): Accumulator {
  const hashes = new Set<number>();
  let largest = 0;
  return {
    add(value) {
      const text = textOf(value);
      if (text === undefined) return;
      const hash = createHash('sha1').update(text).digest().readUIntBE(0, 6);
      if (hashes.size < distinctMax) {
        if (!hashes.has(hash)) spend(budget);
        hashes.add(hash);
        largest = Math.max(largest, hash);
      } else if (hash < largest && !hashes.has(hash)) {
        hashes.delete(largest);
        hashes.add(hash);
        largest = 0;
        for (const kept of hashes) if (kept > largest) largest = kept;
      }
    },
    result: () => (hashes.size < distinctMax ? hashes.size : Math.round(((distinctMax - 1) / largest) * 2 ** 48)),
  };
}

function createByTime(sign: 1 | -1): Accumulator {
  let best: Value;
  let bestAt: number | undefined;
  return {
    add(value, timestamp) {
      const at = numberOf(timestamp);
      if (value === undefined || at === undefined || (bestAt !== undefined && (at - bestAt) * sign <= 0)) return;
      best = value;
      bestAt = at;
    },
    result: () => best,
  };
}

function createSorted(sign: 1 | -1): Accumulator {
  let best: Value;
  return {
    add(value) {
      if (value !== undefined && (best === undefined || compareValues(value, best) * sign > 0)) best = value;
    },
    result: () => best,
  };
}
