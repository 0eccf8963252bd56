/** A value of a field: text, number, or what `jsonParse` has made; undefined when there is none. */
export type Value = string | number | object | undefined;

export type Expression =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'in'; readonly of: Expression; readonly items: readonly Expression[] }
  | { readonly kind: 'matches'; readonly of: Expression; readonly source: string; readonly flags: string }
  | { readonly kind: 'contains'; readonly of: Expression; readonly text: string };

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '^' | '=' | '!=' | '<' | '<=' | '>' | '>=' | 'and' | 'or';

/** An expression with the name of its column. */
export interface Column {
  readonly name: string;
  readonly expression: Expression;
}

export interface SortKey {
  readonly expression: Expression;
  readonly descending: boolean;
}

export type ParsePattern = { readonly kind: 'glob'; readonly text: string } | { readonly kind: 'regex'; readonly source: string; readonly flags: string };

export type Command =
  | { readonly kind: 'fields'; readonly columns: readonly Column[] }
  | { readonly kind: 'display'; readonly columns: readonly Column[] }
  | { readonly kind: 'filter'; readonly condition: Expression }
  | { readonly kind: 'parse'; readonly of: Expression; readonly pattern: ParsePattern; readonly names: readonly string[] }
  | { readonly kind: 'stats'; readonly columns: readonly Column[]; readonly by: readonly Column[] }
  | { readonly kind: 'sort'; readonly keys: readonly SortKey[] }
  | { readonly kind: 'limit'; readonly count: number }
  | { readonly kind: 'dedup'; readonly by: readonly Expression[] };

/** What is wrong with a query, and where. */
export class QuerySyntaxError extends Error {
  readonly start: number;
  readonly end: number;

  constructor(message: string, start: number, end: number) {
    super(message);
    this.name = 'QuerySyntaxError';
    this.start = start;
    this.end = end;
  }
}

/** The names of aggregate functions, with how many arguments they take. */
export const aggregateNames: ReadonlyMap<string, readonly [min: number, max: number]> = new Map([
  ...(['sum', 'avg', 'min', 'max', 'stddev', 'count_distinct', 'earliest', 'latest', 'sortsfirst', 'sortslast', 'median'] as const).map((name): [string, [number, number]] => [name, [1, 1]]),
  ['count', [0, 1]],
  ['pct', [2, 2]],
]);
