import { parseFilterPattern } from '../domain/filter-pattern/parseFilterPattern.ts';
import { readerOf, valueReaderOf } from '../domain/metricValue.ts';
import { formatListToken, parseListToken } from '../domain/tokens.ts';
import { filterNotFound, invalidParameter, limitExceeded, unsupported } from '../errors.ts';
import { describeItemsDefault, describeScanMax, metricDimensionsMax, metricFiltersMax } from '../limits.ts';
import { groupAccess, operation, scopeOf } from '../operation.ts';
import { metricFilters, namedFilter, requireGroup, setGroup } from '../store.ts';
import type { MetricFilterRow, MetricTransformation, NamedFilter } from '../store.ts';

// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html

export const putMetricFilter = operation('PutMetricFilter', {
  access: ({ logGroupName = '' }, call) => groupAccess('PutMetricFilter', call, logGroupName),
  async handle(input, call, { store }) {
    const { logGroupName = '', filterName = '', filterPattern = '', metricTransformations = [] } = input;
    if (input.applyOnTransformedLogs === true) throw unsupported('applyOnTransformedLogs');
    if (input.fieldSelectionCriteria) throw unsupported('fieldSelectionCriteria');
    if (input.emitSystemFieldDimensions && input.emitSystemFieldDimensions.length > 0) throw unsupported('emitSystemFieldDimensions');
    parseFilterPattern(filterPattern);
    const transformation = transformationOf(metricTransformations[0] ?? {}, filterPattern);
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      const known = await metricFilters.get(tx, scope, [logGroupName, filterName]);
      const count = group.metricFilters ?? 0;
      if (!known && count >= metricFiltersMax) throw limitExceeded();
      if (!known) setGroup(tx, scope, logGroupName, { ...group, metricFilters: count + 1 });
      metricFilters.set(tx, scope, [logGroupName, filterName], { pattern: filterPattern, transformation, createdAtMs: known?.createdAtMs ?? call.nowMs });
    });
    return {};
  },
});

export const describeMetricFilters = operation('DescribeMetricFilters', {
  access: ({ logGroupName = '' }, call) => groupAccess('DescribeMetricFilters', call, logGroupName),
  async handle({ logGroupName, filterNamePrefix = '', metricName, metricNamespace, nextToken, limit = describeItemsDefault }, call, { store }) {
    if ((metricName === undefined) !== (metricNamespace === undefined)) throw invalidParameter('metricName and metricNamespace must be specified together.');
    const scope = scopeOf(call);
    const after = nextToken === undefined ? undefined : parseListToken('metricFilters', nextToken, ['string', 'string']);
    const wants = ({ name, row }: NamedFilter<MetricFilterRow>): boolean =>
      name.startsWith(filterNamePrefix) && (metricName === undefined || (row.transformation.name === metricName && row.transformation.namespace === metricNamespace));
    const scanned = await store.read(async (tx) => {
      if (logGroupName !== undefined) await requireGroup(tx, scope, logGroupName);
      return metricFilters.list(tx, scope, logGroupName === undefined ? [] : [logGroupName], { limit: describeScanMax, ...(after ? { after } : {}) });
    });
    const all = scanned.map(namedFilter);
    const wanted = all.filter(wants);
    const page = wanted.slice(0, limit);
    const last = wanted.length > limit ? page.at(-1) : all.length === describeScanMax ? all.at(-1) : undefined;
    return { metricFilters: page.map(describe), ...(last ? { nextToken: formatListToken('metricFilters', [last.groupName, last.name]) } : {}) };
  },
});

export const deleteMetricFilter = operation('DeleteMetricFilter', {
  access: ({ logGroupName = '' }, call) => groupAccess('DeleteMetricFilter', call, logGroupName),
  async handle({ logGroupName = '', filterName = '' }, call, { store }) {
    const scope = scopeOf(call);
    await store.transact(async (tx) => {
      const group = await requireGroup(tx, scope, logGroupName);
      if (!(await metricFilters.get(tx, scope, [logGroupName, filterName]))) throw filterNotFound('metric');
      metricFilters.clear(tx, scope, [logGroupName, filterName]);
      setGroup(tx, scope, logGroupName, { ...group, metricFilters: Math.max(0, (group.metricFilters ?? 0) - 1) });
    });
    return {};
  },
});

interface TransformationInput {
  readonly metricName?: string | undefined;
  readonly metricNamespace?: string | undefined;
  readonly metricValue?: string | undefined;
  readonly defaultValue?: number | undefined;
  readonly dimensions?: Readonly<Record<string, string>> | undefined;
  readonly unit?: string | undefined;
}

function transformationOf({ metricName = '', metricNamespace = '', metricValue = '', defaultValue, dimensions = {}, unit = 'None' }: TransformationInput, pattern: string): MetricTransformation {
  if (metricName === '' || metricNamespace === '') throw invalidParameter('Invalid metric transformation: metricName and metricNamespace must not be empty.');
  // CloudWatch concepts, "Namespaces": those that begin with AWS/ are the services' own.
  if (metricNamespace.startsWith('AWS/')) throw invalidParameter('Invalid metric transformation: namespaces that begin with AWS/ are reserved.');
  const entries = Object.entries(dimensions);
  if (entries.length > metricDimensionsMax) throw invalidParameter(`Invalid metric transformation: a metric can have at most ${metricDimensionsMax} dimensions.`);
  if (entries.length > 0 && defaultValue !== undefined) throw invalidParameter('Invalid metric transformation: dimensions and default value are mutually exclusive properties.');
  valueReaderOf(metricValue, pattern);
  for (const [, selector] of entries) readerOf(selector, pattern);
  return { namespace: metricNamespace, name: metricName, value: metricValue, unit, ...(defaultValue === undefined ? {} : { defaultValue }), ...(entries.length > 0 ? { dimensions } : {}) };
}

function describe({ groupName, name, row: { pattern, transformation, createdAtMs } }: NamedFilter<MetricFilterRow>) {
  const { namespace, name: metricName, value, defaultValue, dimensions, unit } = transformation;
  return {
    filterName: name,
    logGroupName: groupName,
    filterPattern: pattern,
    creationTime: createdAtMs,
    applyOnTransformedLogs: false,
    metricTransformations: [
      { metricName, metricNamespace: namespace, metricValue: value, unit: unit as 'None', ...(defaultValue === undefined ? {} : { defaultValue }), ...(dimensions ? { dimensions: { ...dimensions } } : {}) },
    ],
  };
}
