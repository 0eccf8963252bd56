// The queries of GetMetricData and of alarms: metrics and expressions over them.
import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import { evaluate } from './domain/math.ts';
import { MathError, namesIn, parseMath } from './domain/mathParser.ts';
import type { Expression } from './domain/mathParser.ts';
import { asList, isList } from './domain/mathValues.ts';
import type { MathContext, MathValue, Series } from './domain/mathValues.ts';
import { requireDimensions } from './domain/metricKey.ts';
import { requirePeriod } from './domain/period.ts';
import { parseSearch } from './domain/search.ts';
import { findStatistic } from './domain/statistics.ts';
import { errors } from './errors.ts';
import { queriesMax, searchResultsMax } from './limits.ts';
import { applyStatistic, readPeriods } from './reading.ts';
import { listMetrics } from './store.ts';
import type { MetricKey } from './store.ts';

interface MetricQuery {
  readonly kind: 'metric';
  readonly id: string;
  readonly label: string;
  readonly metric: MetricKey;
  readonly periodMs: number;
  readonly stat: string;
  readonly unit: string | undefined;
  readonly returned: boolean;
}

interface ExpressionQuery {
  readonly kind: 'expression';
  readonly id: string;
  readonly label: string | undefined;
  readonly expression: Expression;
  readonly periodMs: number | undefined;
  readonly returned: boolean;
}

export type Query = MetricQuery | ExpressionQuery;

/** What a query came to. */
export interface QueryResult {
  readonly id: string;
  readonly label: string;
  readonly series: Series;
}

/** Checks queries, each for itself and with each other. */
export function parseQueries(given: readonly MetricDataQuery[]): Query[] {
  if (given.length === 0) throw errors.missing('MetricDataQueries');
  if (given.length > queriesMax) throw errors.validation(`The collection MetricDataQueries must not have a size greater than ${queriesMax}.`);
  const queries = given.map(parseQuery);
  const ids = new Set(queries.map(({ id }) => id));
  if (ids.size !== queries.length) throw errors.validation('The values for parameter id in MetricDataQueries are not unique.');
  for (const query of queries) if (query.kind === 'expression') requireOrder(query, queries, []);
  return queries;
}

function parseQuery(given: MetricDataQuery): Query {
  const { Id: id = '', MetricStat: stat, Expression: expression } = given;
  if (!/^[a-z][a-zA-Z0-9_]{0,254}$/.test(id)) throw errors.validation(`The value ${id} for parameter MetricDataQueries.member.1.Id is invalid: it begins with a lower-case letter and has letters, digits and underscores.`);
  if ((stat === undefined) === (expression === undefined)) throw errors.validation(`Either MetricStat or Expression must be given for the query ${id}, and not both.`);
  if (given.AccountId !== undefined) throw errors.notSupported('queries of other accounts');
  const returned = given.ReturnData ?? true;
  if (stat === undefined) {
    const periodMs = given.Period === undefined ? undefined : requirePeriod(given.Period) * 1_000;
    return { kind: 'expression', id, label: given.Label, expression: parseOrRefuse(expression ?? '', id), periodMs, returned };
  }
  const metric = { namespace: stat.Metric?.Namespace ?? '', name: stat.Metric?.MetricName ?? '', dimensions: requireDimensions(stat.Metric?.Dimensions) };
  if (findStatistic(stat.Stat ?? '') === undefined) throw errors.validation(`The value ${stat.Stat} for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic.`);
  return { kind: 'metric', id, label: given.Label ?? metric.name, metric, periodMs: requirePeriod(stat.Period ?? 0) * 1_000, stat: stat.Stat ?? '', unit: stat.Unit, returned };
}

function parseOrRefuse(text: string, id: string): Expression {
  if (/^\s*SELECT\b/i.test(text)) throw errors.notSupported('Metrics Insights queries (SELECT …)');
  try {
    return parseMath(text);
  } catch (error) {
    if (error instanceof MathError) throw errors.validation(`Error in expression '${id}': ${error.message}`);
    throw error;
  }
}

function requireOrder(query: Query, queries: readonly Query[], path: readonly string[]): void {
  if (query.kind === 'metric') return;
  if (path.includes(query.id) || path.length > 32) throw errors.validation(`Error in expression '${query.id}': it depends on itself.`);
  for (const name of namesIn(query.expression)) {
    const next = queries.find(({ id }) => id === name);
    if (next === undefined && !/^[A-Z]+$/.test(name)) throw errors.validation(`Error in expression '${query.id}': there is no query with the id ${name}.`);
    if (next !== undefined) requireOrder(next, queries, [...path, query.id]);
  }
}

export interface QueryRange {
  readonly startMs: number;
  readonly endMs: number;
}

/** Runs queries; answers those that are to be returned, one result for each series. */
export async function runQueries(tx: ReadTransaction, scope: Scope, queries: readonly Query[], range: QueryRange): Promise<QueryResult[]> {
  const values = new Map<string, MathValue>();
  for (const query of queries) if (query.kind === 'metric') values.set(query.id, await readMetric(tx, scope, query, range));
  const found = new Map<Expression, readonly Series[]>();
  for (const query of queries) if (query.kind === 'expression') for (const search of searchesIn(query.expression)) found.set(search, await runSearch(tx, scope, search, range));

  const shortestMs = Math.min(...queries.map((query) => query.periodMs ?? Infinity), ...[...found.values()].flat().map(({ periodMs }) => periodMs));
  const valueOf = (id: string): MathValue | undefined => {
    const known = values.get(id);
    const query = known === undefined ? queries.find((one) => one.id === id) : undefined;
    if (query?.kind !== 'expression') return known;
    const periodMs = query.periodMs ?? (Number.isFinite(shortestMs) ? shortestMs : 60_000);
    const value = evaluate(query.expression, { ...context, periodMs, moments: momentsOf(range, periodMs) });
    values.set(id, value);
    return value;
  };
  const context: Omit<MathContext, 'periodMs' | 'moments'> = {
    valueOf,
    found: (expression) => found.get(expression),
    metrics: (part) => queries.filter((query) => query.kind === 'metric' && query.id.includes(part)).flatMap(({ id }) => asList(values.get(id) ?? [])),
  };
  return queries.filter(({ returned }) => returned).flatMap((query) => resultsOf(query, valueOf));
}

function resultsOf(query: Query, valueOf: (id: string) => MathValue | undefined): QueryResult[] {
  let value: MathValue | undefined;
  try {
    value = valueOf(query.id);
  } catch (error) {
    if (error instanceof MathError) throw errors.validation(`Error in expression '${query.id}': ${error.message}`);
    throw error;
  }
  if (value === undefined || typeof value === 'number' || typeof value === 'string') {
    throw errors.validation(`Error in expression '${query.id}': the result must be a time series or a list of them, not a single value.`);
  }
  const label = query.label;
  if (isList(value)) return value.map((series) => ({ id: query.id, label: label === undefined ? series.label : `${label} ${series.label}`.trim(), series }));
  return [{ id: query.id, label: label ?? query.id, series: asList(value)[0] as Series }];
}

/** Periods are aligned to the clock, as AWS aligns them for whole minutes. */
export function momentsOf({ startMs, endMs }: QueryRange, periodMs: number): number[] {
  const first = Math.floor(startMs / periodMs) * periodMs;
  return Array.from({ length: Math.max(0, Math.min(100_800, Math.ceil((endMs - first) / periodMs))) }, (_, index) => first + index * periodMs);
}

async function readMetric(tx: ReadTransaction, scope: Scope, { label, metric, periodMs, stat, unit }: MetricQuery, { startMs, endMs }: QueryRange): Promise<Series> {
  const statistic = findStatistic(stat);
  if (statistic === undefined) throw errors.validation(`${stat} is not a valid statistic.`);
  const fromMs = Math.floor(startMs / periodMs) * periodMs;
  const periods = await readPeriods(tx, scope, metric, { fromMs, beforeMs: endMs, periodMs }, unit);
  return { label, periodMs, values: applyStatistic(periods, statistic) };
}

function searchesIn(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'call':
      return expression.name === 'SEARCH' ? [expression] : expression.args.flatMap(searchesIn);
    case 'list':
      return expression.items.flatMap(searchesIn);
    case 'unary':
      return searchesIn(expression.operand);
    case 'binary':
      return [...searchesIn(expression.left), ...searchesIn(expression.right)];
    default:
      return [];
  }
}

async function runSearch(tx: ReadTransaction, scope: Scope, expression: Expression, range: QueryRange): Promise<Series[]> {
  const args = expression.kind === 'call' ? expression.args : [];
  const [text, stat, period] = args.map((argument) => (argument.kind === 'text' || argument.kind === 'number' ? argument.value : undefined));
  if (typeof text !== 'string' || typeof stat !== 'string') throw errors.validation("SEARCH takes a search, a statistic and a period: SEARCH('{Namespace,Dimension} MetricName=\"Name\"', 'Average', 300).");
  const periodMs = requirePeriod(typeof period === 'number' ? period : 300) * 1_000;
  if (findStatistic(stat) === undefined) throw errors.validation(`${stat} is not a valid statistic.`);
  const { namespace, matches } = parseSearch(text);
  const { rows } = await listMetrics(tx, scope, { namespace, wants: matches }, { limit: searchResultsMax, after: undefined });
  const found: Series[] = [];
  for (const metric of rows) {
    const label = [...metric.dimensions.map(([, value]) => value), metric.name].join(' ');
    found.push(await readMetric(tx, scope, { kind: 'metric', id: '', label, metric, periodMs, stat, unit: undefined, returned: true }, range));
  }
  return found;
}
