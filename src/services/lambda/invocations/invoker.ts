// Functions called by other services that wait for the answer.
import { ServiceError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
import type { Clock } from '../../../base/clock.ts';
import type { FunctionAccess } from '../../../ports/functionAccess.ts';
import type { FunctionAnswer, FunctionInvoker } from '../../../ports/functionInvoker.ts';
import { parseFunctionArn } from '../domain/functionName.ts';
import { newTraceId } from '../domain/trace.ts';
import type { LambdaContext } from '../operation.ts';
import { findInvocable, runInvocable } from './invocable.ts';

export type InvokerDeps = Pick<LambdaContext, 'store' | 'fleet' | 'durable' | 'random'> & {
  readonly clock: Clock;
  readonly log: Logger;
  readonly access: FunctionAccess;
};

/** Each call asks the function's own policy first. */
export function createFunctionInvoker(deps: InvokerDeps): FunctionInvoker {
  return {
    async invoke({ functionArn, service, sourceArn, sourceAccount, requestId, payload }): Promise<FunctionAnswer> {
      const verdict = await deps.access.mayInvoke({ functionArn, service, sourceArn, sourceAccount });
      const reference = parseFunctionArn(functionArn);
      if (verdict.kind === 'no-such-function' || reference === undefined) return { kind: 'refused', reason: 'FunctionNotFound' };
      if (verdict.kind === 'denied') {
        deps.log.warn('a function does not let a service invoke it', { functionArn, service, remedy: verdict.remedy });
        return { kind: 'refused', reason: 'AccessDenied' };
      }
      try {
        const input = { requestId, traceId: newTraceId(deps.clock.now(), deps.random), event: payload, clientContext: undefined, wantsTail: false };
        const result = await runInvocable(await findInvocable(reference, deps), input, deps);
        return { kind: 'answered', failed: result.failed, payload: result.payload };
      } catch (error) {
        // Throttled, or deleted meanwhile.
        if (error instanceof ServiceError) return { kind: 'refused', reason: error.code };
        throw error;
      }
    },
  };
}
