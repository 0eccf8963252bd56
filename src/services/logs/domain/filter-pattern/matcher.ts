import { pageMatchStepsMax, turnMatchStepsMax } from '../../limits.ts';
import { parseFilterPattern } from './parseFilterPattern.ts';

/** A pattern with a budget: what one page may spend on it. */
export interface Matcher {
  /** 'stop' when the budget is used up; never for the first message, so that every page gets on. */
  accepts(message: string): boolean | 'stop' | Promise<boolean | 'stop'>;
}

export function createMatcher(text: string): Matcher {
  const pattern = parseFilterPattern(text);
  let steps = 0;
  let turnSteps = 0;
  return {
    accepts(message) {
      if (steps > pageMatchStepsMax) return 'stop';
      const cost = message.length * pattern.cost;
      steps += cost;
      turnSteps += cost;
      if (turnSteps < turnMatchStepsMax) return pattern.matches(message);
      turnSteps = 0;
      // Others get their turn between two long pieces of work.
      return new Promise<void>((resolve) => setImmediate(resolve)).then(() => pattern.matches(message));
    },
  };
}
