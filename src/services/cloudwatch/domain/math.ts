// Evaluates metric math.
import { seriesFunctions } from './mathFunctions.ts';
import { MathError } from './mathParser.ts';
import type { Expression } from './mathParser.ts';
import { asList, combine, mapValue } from './mathValues.ts';
import type { MathContext, MathValue, Operator } from './mathValues.ts';

/** Throws a {@link MathError} for what cannot be computed. */
export function evaluate(expression: Expression, context: MathContext): MathValue {
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'text':
      return expression.value;
    case 'name': {
      const value = context.valueOf(expression.name);
      // REPEAT, LINEAR, ASC and the like.
      if (value === undefined && /^[A-Z]+$/.test(expression.name)) return expression.name;
      if (value === undefined) throw new MathError(`There is no query with the id ${expression.name}.`);
      return value;
    }
    case 'list':
      return expression.items.flatMap((item) => asList(evaluate(item, context)));
    case 'unary':
      return mapValue(evaluate(expression.operand, context), (value) => (expression.operator === '-' ? -value : value === 0 ? 1 : 0));
    case 'binary':
      return combine(evaluate(expression.left, context), evaluate(expression.right, context), requireOperator(expression.operator));
    case 'call': {
      const found = context.found(expression);
      if (found !== undefined) return found;
      const implementation = seriesFunctions[expression.name];
      if (implementation === undefined) throw new MathError(`The function ${expression.name} is not known, or Haneul does not implement it yet.`);
      return implementation(
        expression.args.map((argument) => evaluate(argument, context)),
        context,
      );
    }
  }
}

const truth = (holds: boolean): number => (holds ? 1 : 0);
const both: Operator = (a, b) => truth(a !== 0 && b !== 0);
const either: Operator = (a, b) => truth(a !== 0 || b !== 0);

const operators: Readonly<Record<string, Operator>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '^': (a, b) => a ** b,
  '<': (a, b) => truth(a < b),
  '<=': (a, b) => truth(a <= b),
  '>': (a, b) => truth(a > b),
  '>=': (a, b) => truth(a >= b),
  '==': (a, b) => truth(a === b),
  '!=': (a, b) => truth(a !== b),
  '&&': both,
  AND: both,
  '||': either,
  OR: either,
};

function requireOperator(name: string): Operator {
  const operator = operators[name];
  if (operator === undefined) throw new MathError(`Unknown operator ${name}.`);
  return operator;
}
