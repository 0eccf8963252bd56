import { calls } from './functions.ts';
import type { QueryRecord } from './record.ts';
import type { BinaryOperator, Expression, Value } from './syntax.ts';
import { compareValues, equalValues, isTrue, numberOf, textOf, truth } from './values.ts';

export type Evaluator = (record: QueryRecord) => Value;

/** Compiles an expression. `lookUp` answers for calls that are no functions of one event: aggregates. */
export function compileExpression(expression: Expression, nowMs: number, lookUp?: (call: Expression) => string | undefined): Evaluator {
  const compile = (inner: Expression): Evaluator => compileExpression(inner, nowMs, lookUp);
  switch (expression.kind) {
    case 'field':
      return (record) => record.get(expression.name);
    case 'literal':
      return () => expression.value;
    case 'not': {
      const of = compile(expression.of);
      return (record) => truth(!isTrue(of(record)));
    }
    case 'in': {
      const [of, items] = [compile(expression.of), expression.items.map(compile)];
      return (record) => {
        const value = of(record);
        return truth(items.some((item) => equalValues(value, item(record))));
      };
    }
    case 'contains': {
      const of = compile(expression.of);
      return (record) => truth(textOf(of(record))?.includes(expression.text) ?? false);
    }
    case 'matches': {
      const [of, regex] = [compile(expression.of), new RegExp(expression.source, expression.flags)];
      return (record) => {
        const text = textOf(of(record));
        return truth(text !== undefined && regex.test(text));
      };
    }
    case 'binary':
      return compileBinary(expression.operator, compile(expression.left), compile(expression.right));
    case 'call': {
      const column = lookUp?.(expression);
      if (column !== undefined) return (record) => record.get(column);
      const [call, args] = [calls.get(expression.name), expression.args.map(compile)];
      return (record) => call?.run(args.map((arg) => arg(record)), { nowMs, timestamp: record.get('@timestamp') });
    }
  }
}

function compileBinary(operator: BinaryOperator, left: Evaluator, right: Evaluator): Evaluator {
  switch (operator) {
    case 'and':
      return (record) => truth(isTrue(left(record)) && isTrue(right(record)));
    case 'or':
      return (record) => truth(isTrue(left(record)) || isTrue(right(record)));
    case '=':
      return (record) => truth(equalValues(left(record), right(record)));
    case '!=':
      return (record) => truth(!equalValues(left(record), right(record)));
    case '<':
    case '<=':
    case '>':
    case '>=':
      return (record) => {
        const [a, b] = [left(record), right(record)];
        if (a === undefined || b === undefined) return 0;
        // A text and a number cannot be put in an order.
        if ((numberOf(a) === undefined) !== (numberOf(b) === undefined)) return 0;
        const order = compareValues(a, b);
        return truth(operator === '<' ? order < 0 : operator === '<=' ? order <= 0 : operator === '>' ? order > 0 : order >= 0);
      };
    default:
      return (record) => {
        const [a, b] = [numberOf(left(record)), numberOf(right(record))];
        if (a === undefined || b === undefined) return undefined;
        const result = arithmetic[operator](a, b);
        return Number.isFinite(result) ? result : undefined;
      };
  }
}

const arithmetic = {
  '+': (a: number, b: number) => a + b,
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => a / b,
  '%': (a: number, b: number) => a % b,
  '^': (a: number, b: number) => a ** b,
} as const;
