import { pageMatchStepsMax } from '../../limits.ts';
import { parseFilterPattern } from './parseFilterPattern.ts';
import type { Verdict } from './turn.ts';

/** A pattern with a budget: what one page may spend on it. */
export interface Matcher {
  /** 'stop' when the budget is used up; never for the first message of a page, so that every page gets on. */
  accepts(message: string): Verdict | 'stop';
  /** Begins another page. */
  renew(): void;
}

export function createMatcher(text: string): Matcher {
  const pattern = parseFilterPattern(text);
  let steps = 0;
  return {
    accepts(message) {
      if (steps > pageMatchStepsMax) return 'stop';
      steps += message.length * pattern.cost;
      return pattern.matches(message);
    },
    renew() {
      steps = 0;
    },
  };
}
