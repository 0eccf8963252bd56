import { compilePattern } from '../../../pattern/pattern.ts';
import { patternProblem } from '../../../pattern/patternProblem.ts';
import { parseDetail } from '../domain/eventRecord.ts';
import { errors } from '../errors.ts';
import { detailDepthMax } from '../limits.ts';
import { operation } from '../operation.ts';

/** "The event … must contain" (API reference, TestEventPattern). */
const required = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'] as const;

const testEventPattern = operation('TestEventPattern', {
  access: () => ({ action: 'events:TestEventPattern', resource: '*' }),
  handle({ EventPattern: pattern = '', Event: text = '' }) {
    const problem = patternProblem(pattern);
    if (problem !== undefined) throw errors.invalidPattern(problem);
    const event = parseDetail(text, detailDepthMax);
    if (!event) throw errors.validation('Parameter Event is not valid.');
    for (const name of required) if (!Object.hasOwn(event, name)) throw errors.validation(`Parameter ${name} not specified in the event.`);
    return { Result: compilePattern(pattern)(event) };
  },
});

export const patternOperations = { TestEventPattern: testEventPattern };
