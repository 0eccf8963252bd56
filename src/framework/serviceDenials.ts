// What is refused to services that act by themselves: a queue that feeds a function, a destination, a notification. Nobody waits for an
// answer that could explain it, so it is remembered and logged under an id of its own.

import { BoundedMap } from '../base/boundedMap.ts';
import type { Logger } from '../base/log.ts';
import { explainDenial } from '../policy/explainDenial.ts';
import { describeDenial, type DenialFacts } from './denial.ts';
import type { DenialLog } from './denialLog.ts';
import { repeatedDenialMs, repeatedDenialsMax } from './limits.ts';

export interface ServiceDenials {
  note(facts: Omit<DenialFacts, 'requestId' | 'sentence' | 'enforced'>): void;
}

export interface ServiceDenialDeps {
  readonly denials: DenialLog;
  readonly newRequestId: () => string;
  readonly log: Logger;
}

/** Services try again and again: the same refusal is told once a minute. */
export function createServiceDenials({ denials, newRequestId, log }: ServiceDenialDeps): ServiceDenials {
  const told = new BoundedMap<string, number>(repeatedDenialsMax);
  return {
    note(facts) {
      const { request, evaluation, nowMs } = facts;
      const sentence = explainDenial(request, evaluation);
      const last = told.get(sentence);
      if (last !== undefined && nowMs - last >= 0 && nowMs - last < repeatedDenialMs) return;
      told.set(sentence, nowMs);
      const requestId = newRequestId();
      denials.add(describeDenial({ ...facts, requestId, sentence, enforced: true }));
      log.info('denied to a service', { requestId, sentence, command: `npx haneul why ${requestId}` });
    },
  };
}
