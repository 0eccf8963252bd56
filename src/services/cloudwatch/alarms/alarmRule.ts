// The rules of composite alarms: `ALARM("a") AND NOT (OK("b") OR FALSE)`.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html, AlarmRule
import { parseArn } from '../../../base/arn.ts';
import { errors } from '../errors.ts';
import type { StateValue } from './alarmStore.ts';

export interface AlarmRule {
  /** Names of the alarms that it looks at. */
  readonly children: readonly string[];
  readonly holds: (stateOf: (name: string) => StateValue | undefined) => boolean;
}

type Holds = AlarmRule['holds'];

const states: readonly string[] = ['ALARM', 'OK', 'INSUFFICIENT_DATA'];
const nestingMax = 100;

/** Throws ValidationError for what is no rule. */
export function parseAlarmRule(text: string): AlarmRule {
  const tokens = [...text.matchAll(/\s*("(?:[^"\\]|\\.)*"|[()]|[^\s()"]+)/g)].map(([, token]) => token ?? '');
  const children = new Set<string>();
  let position = 0;

  const fail = (): never => {
    throw errors.validation(`AlarmRule must not contain invalid syntax. Error near: ${tokens.slice(Math.max(0, position - 1), position + 2).join(' ')}`);
  };

  function parseOr(depth: number): Holds {
    if (depth > nestingMax) fail();
    const options = [parseAnd(depth)];
    while (tokens[position] === 'OR') {
      position += 1;
      options.push(parseAnd(depth));
    }
    return (stateOf) => options.some((option) => option(stateOf));
  }

  function parseAnd(depth: number): Holds {
    const parts = [parseNot(depth)];
    while (tokens[position] === 'AND') {
      position += 1;
      parts.push(parseNot(depth));
    }
    return (stateOf) => parts.every((part) => part(stateOf));
  }

  function parseNot(depth: number): Holds {
    if (depth > nestingMax) fail();
    if (tokens[position] !== 'NOT') return parseOne(depth);
    position += 1;
    const inner = parseNot(depth + 1);
    return (stateOf) => !inner(stateOf);
  }

  function parseOne(depth: number): Holds {
    const token = tokens[position] ?? '';
    position += 1;
    if (token === 'TRUE') return () => true;
    if (token === 'FALSE') return () => false;
    if (token === '(') {
      const inner = parseOr(depth + 1);
      close();
      return inner;
    }
    if (!states.includes(token) || tokens[position] !== '(') return fail();
    const name = nameOf(tokens[position + 1] ?? '');
    position += 2;
    if (name === '') fail();
    close();
    children.add(name);
    return (stateOf) => stateOf(name) === token;
  }

  function close(): void {
    if (tokens[position] !== ')') fail();
    position += 1;
  }

  const holds = parseOr(0);
  if (position < tokens.length || tokens.length === 0) fail();
  return { children: [...children], holds };
}

/** A name or an ARN, with or without quotes. */
function nameOf(token: string): string {
  const text = token.startsWith('"') ? token.slice(1, -1).replace(/\\(.)/g, '$1') : token;
  if (text === '(' || text === ')') return '';
  const arn = parseArn(text);
  return arn?.service === 'cloudwatch' ? arn.resource.replace(/^alarm:/, '') : text;
}
