// What the running program counts about itself, in the text form that Prometheus reads
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Counting is one addition: whoever counts keeps its series.

export type MetricLabels = Readonly<Record<string, string>>;

export interface Counter {
  add(amount?: number): void;
}

export interface Histogram {
  record(value: number): void;
}

export interface HistogramSpec {
  readonly name: string;
  readonly help: string;
  /** Upper bounds of the buckets, ascending; the one without a bound is added. */
  readonly bounds: readonly number[];
}

/**
 * Where parts of the program register what they count. Asking again for the same name and labels answers the same series. A
 * family holds `seriesMax` series at most: what comes later is counted in one more whose labels all say `other`.
 */
export interface Metrics {
  counter(name: string, help: string, labels?: MetricLabels): Counter;
  histogram(spec: HistogramSpec, labels?: MetricLabels): Histogram;
  /** A value that is looked up when metrics are read. Registering the same series again replaces its reader. */
  gauge(name: string, help: string, read: () => number, labels?: MetricLabels): void;
  /** The same for a count that somebody else keeps and that only grows. */
  countOf(name: string, help: string, read: () => number, labels?: MetricLabels): void;
}

export interface MetricsRegistry extends Metrics {
  /** Everything as text. */
  format(): string;
}

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Far more than a server has of anything that is not an attack. */
const seriesMax = 1_000;

interface Series {
  readonly labels: MetricLabels;
  readonly lines: (name: string) => string[];
}

interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly series: Map<string, Series>;
}

/** An empty registry; one per server. */
export function createMetrics(): MetricsRegistry {
  const families = new Map<string, Family>();

  function familyOf(name: string, type: Family['type'], help: string): Family {
    const known = families.get(name);
    if (known) {
      if (known.type !== type) throw new TypeError(`${name} is a ${known.type} already`);
      return known;
    }
    if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new TypeError(`${name} is no name of a metric`);
    const family: Family = { type, help, series: new Map() };
    families.set(name, family);
    return family;
  }

  function find<S extends Series>(family: Family, labels: MetricLabels, make: (labels: MetricLabels) => S): S {
    const isFull = family.series.size >= seriesMax && !family.series.has(labelText(labels));
    const own = isFull ? Object.fromEntries(Object.keys(labels).map((name) => [name, 'other'])) : labels;
    const key = labelText(own);
    // A family holds series of one make only.
    const series = (family.series.get(key) as S | undefined) ?? make(own);
    family.series.set(key, series);
    return series;
  }

  function readLater(type: 'counter' | 'gauge', name: string, help: string, { read, labels }: { read: () => number; labels: MetricLabels }): void {
    const series = { labels, lines: () => [line(name, labels, read())] };
    familyOf(name, type, help).series.set(labelText(labels), series);
  }

  return {
    counter: (name, help, labels = {}) => find(familyOf(name, 'counter', help), labels, createCounter),
    histogram: ({ name, help, bounds }, labels = {}) => find(familyOf(name, 'histogram', help), labels, (own) => createHistogram(bounds, own)),
    gauge: (name, help, read, labels = {}) => readLater('gauge', name, help, { read, labels }),
    countOf: (name, help, read, labels = {}) => readLater('counter', name, help, { read, labels }),
    format: () => [...families].flatMap(([name, family]) => familyLines(name, family)).join('\n').concat('\n'),
  };
}

/** Counts nothing: for parts that run by themselves, as in tests. */
export const silentMetrics: Metrics = {
  counter: () => ({ add: () => undefined }),
  histogram: () => ({ record: () => undefined }),
  gauge: () => undefined,
  countOf: () => undefined,
};

function createCounter(labels: MetricLabels): Series & Counter {
  let count = 0;
  return {
    labels,
    add: (amount = 1) => {
      count += amount;
    },
    lines: (name) => [line(name, labels, count)],
  };
}

function createHistogram(bounds: readonly number[], labels: MetricLabels): Series & Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let sum = 0;
  return {
    labels,
    record(value) {
      let index = 0;
      while (index < bounds.length && value > (bounds[index] ?? 0)) index += 1;
      counts[index] = (counts[index] ?? 0) + 1;
      sum += value;
    },
    lines(name) {
      let total = 0;
      const buckets = counts.map((count, index) => {
        total += count;
        const bound = bounds[index];
        return line(`${name}_bucket`, { ...labels, le: bound === undefined ? '+Inf' : String(bound) }, total);
      });
      return [...buckets, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, total)];
    },
  };
}

function familyLines(name: string, { type, help, series }: Family): string[] {
  const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return [`# HELP ${name} ${text}`, `# TYPE ${name} ${type}`, ...[...series.values()].flatMap(({ lines }) => lines(name))];
}

function line(name: string, labels: MetricLabels, value: number): string {
  return `${name}${labelText(labels)} ${value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : value}`;
}

function labelText(labels: MetricLabels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (character) => escapes[character] ?? character)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };
