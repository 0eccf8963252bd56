import { defineService } from '../../framework/service.ts';
import type { HelloWorldDeps } from './operation.ts';
import { greet } from './operations/greet.ts';
import { putGreeting } from './operations/putGreeting.ts';

/** The smallest service there is: the template that docs/adding-a-service.md walks through. */
export const helloWorld = defineService<HelloWorldDeps>({
  id: 'hello-world',
  validationErrorCode: 'ValidationException',
  operations: {
    Greet: greet,
    PutGreeting: putGreeting,
  },
});
