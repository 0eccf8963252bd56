import { parseFilterPattern } from '../domain/filter-pattern/parseFilterPattern.ts';
import { operation } from '../operation.ts';

export const testMetricFilter = operation('TestMetricFilter', {
  access: () => ({ action: 'logs:TestMetricFilter', resource: '*' }),
  async handle({ filterPattern = '', logEventMessages = [] }, call) {
    const pattern = parseFilterPattern(filterPattern);
    const matches = [];
    for (const [at, eventMessage] of logEventMessages.entries()) {
      // Nobody waits for the rest of a long piece of work.
      if (call.signal.aborted) break;
      if (await pattern.matches(eventMessage)) matches.push({ eventNumber: at + 1, eventMessage, extractedValues: pattern.extract(eventMessage) });
    }
    return { matches };
  },
});
