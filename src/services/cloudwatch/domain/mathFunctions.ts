// The functions of metric math.
import { MathError } from './mathParser.ts';
import { asList, isList, mapSeries, mapValue } from './mathValues.ts';
import type { MathContext, MathValue, Series } from './mathValues.ts';

type MathFunction = (args: readonly MathValue[], context: MathContext) => MathValue;

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const meanOf = (values: readonly number[]): number => sumOf(values) / values.length;

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
}

/** Of one series a number, of several a series of what is there at each moment. */
const aggregate =
  (compute: (values: readonly number[]) => number): MathFunction =>
  ([given]) => {
    if (given === undefined) throw new MathError('The function needs a metric.');
    if (!isList(given)) {
      const values = [...(asList(given)[0] as Series).values.values()];
      return values.length === 0 ? emptyOf(given) : compute(values);
    }
    const moments = new Map<number, number[]>();
    for (const { values } of given) for (const [atMs, value] of values) moments.set(atMs, [...(moments.get(atMs) ?? []), value]);
    return { label: '', periodMs: given[0]?.periodMs ?? 60_000, values: new Map([...moments].sort(([a], [b]) => a - b).map(([atMs, values]) => [atMs, compute(values)])) };
  };

const emptyOf = (value: MathValue): Series => ({ label: '', periodMs: asList(value)[0]?.periodMs ?? 60_000, values: new Map() });

const eachValue =
  (change: (value: number, atMs: number) => number): MathFunction =>
  ([given]) => {
    if (given === undefined) throw new MathError('The function needs a metric.');
    return mapValue(given, change);
  };

/** Of every series by itself. */
const eachSeries =
  (change: (series: Series, args: readonly MathValue[], context: MathContext) => Series): MathFunction =>
  (args, context) => {
    const [given, ...rest] = args;
    if (given === undefined) throw new MathError('The function needs a metric.');
    return isList(given) ? given.map((series) => change(series, rest, context)) : change(asList(given)[0] as Series, rest, context);
  };

const ordered = ({ values }: Series): (readonly [number, number])[] => [...values].sort(([a], [b]) => a - b);

const withValues = (series: Series, values: Iterable<readonly [number, number]>): Series => ({ ...series, values: new Map([...values].filter(([, value]) => Number.isFinite(value))) });

/** Each value against the one before it. */
const pairwise = (compute: (value: number, before: number, ms: number) => number): MathFunction =>
  eachSeries((series) => {
    const points = ordered(series);
    return withValues(
      series,
      points.slice(1).map(([atMs, value], index): [number, number] => {
        const [beforeMs, before] = points[index] ?? [atMs, value];
        return [atMs, compute(value, before, atMs - beforeMs)];
      }),
    );
  });

const fill: MathFunction = eachSeries((series, [filler], { moments }) => {
  const points = ordered(series);
  const known = series.values;
  return withValues(
    series,
    moments.map((atMs): [number, number] => {
      const own = known.get(atMs);
      if (own !== undefined) return [atMs, own];
      if (typeof filler === 'number') return [atMs, filler];
      const before = points.filter(([pointMs]) => pointMs < atMs).at(-1);
      const after = points.find(([pointMs]) => pointMs > atMs);
      if (filler === 'REPEAT') return [atMs, before?.[1] ?? NaN];
      if (filler === 'LINEAR') {
        if (before === undefined || after === undefined) return [atMs, NaN];
        return [atMs, before[1] + ((after[1] - before[1]) * (atMs - before[0])) / (after[0] - before[0])];
      }
      if (typeof filler === 'object' && !isList(filler)) return [atMs, filler.values.get(atMs) ?? NaN];
      throw new MathError('FILL takes a metric and a number, a metric, REPEAT or LINEAR.');
    }),
  );
});

const choose: MathFunction = ([condition, then, otherwise]) => {
  if (condition === undefined || then === undefined) throw new MathError('IF takes a condition and one or two values.');
  const at = (value: MathValue | undefined, atMs: number): number | undefined => {
    if (typeof value === 'number' || value === undefined) return value;
    return asList(value)[0]?.values.get(atMs);
  };
  if (typeof condition === 'number') {
    const chosen = condition === 0 ? otherwise : then;
    return chosen ?? emptyOf(typeof then === 'number' ? [] : then);
  }
  const [series] = asList(condition);
  if (series === undefined) return [];
  const shape = [then, otherwise].find((value) => typeof value === 'object' && !isList(value)) as Series | undefined;
  const values: [number, number][] = [];
  for (const [atMs, holds] of series.values) {
    const value = holds === 0 ? at(otherwise, atMs) : at(then, atMs);
    if (value !== undefined) values.push([atMs, value]);
  }
  return withValues({ ...series, label: shape?.label ?? series.label }, values);
};

const runningSum: MathFunction = eachSeries((series) => {
  let sum = 0;
  return withValues(series, ordered(series).map(([atMs, value]): [number, number] => [atMs, (sum += value)]));
});

const sort: MathFunction = ([given, by, direction, limit]) => {
  if (given === undefined || typeof by !== 'string' || typeof direction !== 'string') throw new MathError('SORT takes metrics, a function, ASC or DESC, and a limit.');
  const rankOf = ({ values }: Series): number => {
    const list = [...values.values()];
    if (list.length === 0) return NaN;
    return by === 'AVG' ? meanOf(list) : by === 'SUM' ? sumOf(list) : by === 'MIN' ? Math.min(...list) : Math.max(...list);
  };
  const sorted = asList(given).filter((series) => series.values.size > 0).sort((a, b) => (rankOf(a) - rankOf(b)) * (direction === 'DESC' ? -1 : 1));
  return typeof limit === 'number' ? sorted.slice(0, limit) : sorted;
};

const slice: MathFunction = ([given, from, to]) => {
  if (given === undefined || typeof from !== 'number') throw new MathError('SLICE takes metrics and one or two numbers.');
  return asList(given).slice(from, typeof to === 'number' ? to : undefined);
};

const edge = (position: 0 | -1): MathFunction => ([given]) => {
  if (given === undefined) throw new MathError('The function needs a metric.');
  if (isList(given)) return given.at(position) ?? [];
  return ordered(asList(given)[0] as Series).at(position)?.[1] ?? emptyOf(given);
};

const date = (atMs: number): Date => new Date(atMs);

export const seriesFunctions: Readonly<Record<string, MathFunction | undefined>> = {
  ABS: eachValue(Math.abs),
  CEIL: eachValue(Math.ceil),
  FLOOR: eachValue(Math.floor),
  LOG: eachValue(Math.log),
  LOG10: eachValue(Math.log10),
  SUM: aggregate(sumOf),
  AVG: aggregate(meanOf),
  MIN: aggregate((values) => Math.min(...values)),
  MAX: aggregate((values) => Math.max(...values)),
  STDDEV: aggregate(deviationOf),
  METRIC_COUNT: ([given]) => asList(given ?? []).length,
  METRICS: ([part], { metrics }) => metrics(typeof part === 'string' ? part : ''),
  RATE: pairwise((value, before, ms) => ((value - before) * 1_000) / ms),
  DIFF: pairwise((value, before) => value - before),
  DIFF_TIME: pairwise((_value, _before, ms) => ms / 1_000),
  RUNNING_SUM: runningSum,
  FILL: fill,
  IF: choose,
  FIRST: edge(0),
  LAST: edge(-1),
  SORT: sort,
  SLICE: slice,
  REMOVE_EMPTY: ([given]) => asList(given ?? []).filter(({ values }) => values.size > 0),
  PERIOD: ([given]) => (asList(given ?? [])[0]?.periodMs ?? 0) / 1_000,
  TIME_SERIES: ([value], { moments, periodMs }) => {
    if (typeof value !== 'number') throw new MathError('TIME_SERIES takes a number.');
    return { label: '', periodMs, values: new Map(moments.map((atMs) => [atMs, value])) };
  },
  MINUTE: eachSeries((series) => mapSeries(series, (_value, atMs) => date(atMs).getUTCMinutes())),
  HOUR: eachSeries((series) => mapSeries(series, (_value, atMs) => date(atMs).getUTCHours())),
  DAY: eachSeries((series) => mapSeries(series, (_value, atMs) => ((date(atMs).getUTCDay() + 6) % 7) + 1)),
  DATE: eachSeries((series) => mapSeries(series, (_value, atMs) => date(atMs).getUTCDate())),
  MONTH: eachSeries((series) => mapSeries(series, (_value, atMs) => date(atMs).getUTCMonth() + 1)),
  YEAR: eachSeries((series) => mapSeries(series, (_value, atMs) => date(atMs).getUTCFullYear())),
  EPOCH: eachSeries((series) => mapSeries(series, (_value, atMs) => atMs / 1_000)),
};
