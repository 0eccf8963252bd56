// The search language of SEARCH('{Namespace,Dimension} MetricName="…" word', 'Average', 300).
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
import type { MetricRow } from '../store.ts';
import { MathError } from './mathParser.ts';

export interface Search {
  /** Undefined when it looks everywhere. */
  readonly namespace: string | undefined;
  readonly matches: (row: MetricRow) => boolean;
}

type Term = (row: MetricRow) => boolean;

/** Throws a {@link MathError} for what is no search. */
export function parseSearch(text: string): Search {
  const schema = /^\s*\{([^{}]*)\}/.exec(text);
  const [namespaceText, ...dimensionNames] = schema?.[1] === undefined ? [] : splitSchema(schema[1]);
  const term = parseTerms(text.slice(schema?.[0].length ?? 0));
  return {
    namespace: namespaceText,
    matches(row) {
      if (schema !== null && (row.namespace !== namespaceText || row.dimensions.length !== dimensionNames.length)) return false;
      return dimensionNames.every((wanted) => row.dimensions.some(([name]) => name === wanted)) && term(row);
    },
  };
}

const splitSchema = (text: string): string[] => [...text.matchAll(/\s*(?:"([^"]*)"|([^,]+?))\s*(?:,|$)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').filter((part) => part !== '');

function parseTerms(text: string): Term {
  const tokens = [...text.matchAll(/\s*(\(|\)|[A-Za-z0-9_./#-]+\s*=\s*(?:"[^"]*"|\([^()]*\)|[^\s()"]+)|:[A-Za-z0-9_.-]+\s*=\s*(?:"[^"]*"|[^\s()"]+)|"[^"]*"|[^\s()"]+)/g)].map(([, token]) => token ?? '');
  let position = 0;

  function parseOr(depth: number): Term {
    if (depth > 16) throw new MathError('The search is nested too deeply.');
    const options = [parseAnd(depth)];
    while (tokens[position]?.toUpperCase() === 'OR') {
      position += 1;
      options.push(parseAnd(depth));
    }
    return (row) => options.some((option) => option(row));
  }

  function parseAnd(depth: number): Term {
    const parts: Term[] = [];
    for (let token = tokens[position]; token !== undefined && token !== ')' && token.toUpperCase() !== 'OR'; token = tokens[position]) {
      position += 1;
      if (token.toUpperCase() === 'AND') continue;
      if (token.toUpperCase() === 'NOT') {
        const next = parsePart(depth);
        parts.push((row) => !next(row));
      } else {
        position -= 1;
        parts.push(parsePart(depth));
      }
    }
    return (row) => parts.every((part) => part(row));
  }

  function parsePart(depth: number): Term {
    const token = tokens[position] ?? '';
    position += 1;
    if (token !== '(') return termOf(token);
    const inner = parseOr(depth + 1);
    if (tokens[position] !== ')') throw new MathError("Expected ')' in the search.");
    position += 1;
    return inner;
  }

  const whole = parseOr(0);
  if (position < tokens.length) throw new MathError('The search has a parenthesis too many.');
  return whole;
}

function termOf(token: string): Term {
  const named = /^:?([A-Za-z0-9_./#-]+)\s*=\s*(.*)$/s.exec(token);
  if (named === null) {
    const isWord = matcherOf(token);
    return (row) => [row.namespace, row.name, ...row.dimensions.flat()].some(isWord);
  }
  const [, field = '', valueText = ''] = named;
  // `Name=(a OR b)` is any of them.
  const options = valueText.startsWith('(') ? valueText.slice(1, -1).split(/\s+OR\s+/i).map((one) => matcherOf(one.trim())) : [matcherOf(valueText)];
  const isValue = (value: string): boolean => options.some((option) => option(value));
  if (field.toLowerCase() === 'metricname') return (row) => isValue(row.name);
  if (field.toLowerCase() === 'namespace') return (row) => isValue(row.namespace);
  return (row) => row.dimensions.some(([name, value]) => name === field && isValue(value));
}

/** Quoted: exactly so. Else words of it, without regard to case: `lambda` is in `AWS/Lambda` and in `myLambdaFunction`. */
function matcherOf(text: string): (value: string) => boolean {
  if (text.startsWith('"')) {
    const exact = text.slice(1, -1);
    return (value) => value === exact;
  }
  const wanted = wordsOf(text);
  return (value) => {
    const words = wordsOf(value);
    return value.toLowerCase() === text.toLowerCase() || wanted.every((word) => words.includes(word));
  };
}

const wordsOf = (text: string): string[] => text.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z0-9]+/).filter((word) => word !== '');
