// Functions called by other services that wait for the answer.
import { ServiceError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/log.ts';
import type { Clock } from '../../../base/clock.ts';
import type { RoleAccess } from '../../../framework/roleAccess.ts';
import type { FunctionAccess, FunctionAccessVerdict } from '../../../ports/functionAccess.ts';
import type { FunctionAnswer, FunctionInvocation, FunctionInvoker } from '../../../ports/functionInvoker.ts';
import { parseFunctionArn, type FunctionReference } from '../domain/functionName.ts';
import { acceptTrace } from '../domain/trace.ts';
import type { LambdaContext } from '../operation.ts';
import { findPolicy } from '../store.ts';
import { findInvocable, runInvocable } from './invocable.ts';

export type InvokerDeps = Pick<LambdaContext, 'store' | 'fleet' | 'durable' | 'random'> & {
  readonly clock: Clock;
  readonly log: Logger;
  readonly access: FunctionAccess;
  readonly roleAccess: RoleAccess;
};

/** Each call asks the function's own policy, or those of the role in whose name it is made, first. */
export function createFunctionInvoker(deps: InvokerDeps): FunctionInvoker {
  return {
    async invoke(invocation): Promise<FunctionAnswer> {
      const { functionArn, service, requestId, payload, traceHeader } = invocation;
      const reference = parseFunctionArn(functionArn);
      if (reference === undefined) return { kind: 'refused', reason: 'FunctionNotFound' };
      const verdict = await judge(invocation, reference);
      if (verdict.kind === 'no-such-function') return { kind: 'refused', reason: 'FunctionNotFound' };
      if (verdict.kind === 'denied') {
        deps.log.warn('a function does not let a service invoke it', { functionArn, service, remedy: verdict.remedy });
        return { kind: 'refused', reason: 'AccessDenied' };
      }
      try {
        const input = { requestId, traceId: acceptTrace(traceHeader, deps.clock.now(), deps.random), event: payload, clientContext: undefined, wantsTail: false };
        const result = await runInvocable(await findInvocable(reference, deps), input, deps);
        return { kind: 'answered', failed: result.failed, payload: result.payload };
      } catch (error) {
        // Throttled, or deleted meanwhile.
        if (error instanceof ServiceError) return { kind: 'refused', reason: error.code };
        throw error;
      }
    },
  };

  async function judge({ functionArn, service, sourceArn, sourceAccount, roleArn }: FunctionInvocation, reference: FunctionReference): Promise<FunctionAccessVerdict> {
    if (roleArn === undefined) return deps.access.mayInvoke({ functionArn, service, sourceArn, sourceAccount });
    const policy = await deps.store.read((tx) => findPolicy(tx, reference, reference.name, reference.qualifier));
    const about = { action: 'lambda:InvokeFunction', resource: functionArn, nowMs: deps.clock.now(), region: reference.region };
    if (await deps.roleAccess({ ...about, roleArn, resourcePolicy: policy?.document })) return { kind: 'allowed' };
    return { kind: 'denied', remedy: `allow lambda:InvokeFunction on ${functionArn} in the policies of ${roleArn}` };
  }
}
