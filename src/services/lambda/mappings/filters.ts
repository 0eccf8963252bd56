// Which records of a source a function gets. https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
import { compilePattern } from '../../../pattern/pattern.ts';
import type { Operator, Pattern } from '../../../pattern/pattern.ts';
import { filterBytesMax, filtersMax } from '../limits.ts';
import type { StreamRecord } from '../../../ports/streamReader.ts';
import { mappingErrors } from './mappingErrors.ts';
import { describeForFilter } from './streamEvent.ts';
import type { StreamSource } from './streamEvent.ts';

// The page's table of comparison operators, which is shorter than EventBridge's.
const operators: ReadonlySet<Operator> = new Set<Operator>(['prefix', 'suffix', 'equals-ignore-case', 'anything-but', 'numeric', 'exists']);

/** Answers whether a record is wanted: one of the patterns matches it, or there are none. */
export type RecordFilter = (record: object) => boolean;

/** The JSON texts of patterns, checked. */
export function requireFilters(given: { readonly Filters?: readonly { readonly Pattern?: string | undefined }[] | undefined } | undefined): readonly string[] {
  const patterns = (given?.Filters ?? []).map(({ Pattern }) => Pattern ?? '');
  if (patterns.length > filtersMax) throw mappingErrors.tooManyFilters(filtersMax);
  for (const pattern of patterns) if (pattern.length > filterBytesMax || compiled(pattern) === undefined) throw mappingErrors.invalidFilter();
  return patterns;
}

/** The filter for records with a text under `body`: a message. */
export function createBodyFilter(patterns: readonly string[]): RecordFilter {
  const tests = patterns.map(compiled).filter((test) => test !== undefined);
  if (patterns.length === 0) return () => true;
  return (record) => {
    const opened = withOpenedBody(record);
    return tests.some((test) => test(opened));
  };
}

/** The same for the records of a stream. */
export function createStreamFilter(patterns: readonly string[], source: StreamSource): (record: StreamRecord) => boolean {
  const tests = patterns.map(compiled).filter((test) => test !== undefined);
  if (patterns.length === 0) return () => true;
  return (record) => {
    const described = describeForFilter(record, source);
    return tests.some((test) => test(described));
  };
}

function compiled(text: string): Pattern | undefined {
  try {
    return compilePattern(text, { operators });
  } catch {
    return undefined;
  }
}

/** A body that is a JSON document is matched as one, any other as a text: the page, "Properly filtering Amazon SQS messages". */
function withOpenedBody(record: object): object {
  const body: unknown = 'body' in record ? record.body : undefined;
  if (typeof body !== 'string') return record;
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? { ...record, body: parsed } : record;
  } catch {
    return record;
  }
}
