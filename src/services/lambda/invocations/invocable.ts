// What an invocation runs, found and run in the same way whoever waits for it.
import { ServiceError } from '../../../base/errors.ts';
import { routeAlias } from '../domain/alias.ts';
import { enterTrace } from '../domain/trace.ts';
import type { EnteredTrace } from '../domain/trace.ts';
import { errors } from '../errors.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import type { InvocationInput, InvocationResult } from '../environments/executionEnvironment.ts';
import { requireVersion } from '../lookup.ts';
import type { Resolved } from '../lookup.ts';
import type { LambdaContext } from '../operation.ts';
import { recursiveRunsMax } from '../limits.ts';
import { requireInvocable } from '../snapstart/rules.ts';
import { readUsage } from '../store.ts';
import type { UsageRow } from '../store.ts';

/** A version that one invocation will run. */
export interface Invocable extends Resolved {
  readonly reference: FunctionReference;
  readonly usage: UsageRow;
}

/** Finds the version that a name or ARN means now; an alias with weights is drawn for. Throws ResourceNotFoundException. */
export function findInvocable(reference: FunctionReference, { store, random }: Pick<LambdaContext, 'store' | 'random'>): Promise<Invocable> {
  return store.read(async (tx) => {
    const { head, row, alias } = await requireVersion(tx, reference, (named) => routeAlias(named, random.fraction()));
    requireInvocable(row, functionArn(reference, head.name, row.version));
    return { head, row, alias, reference, usage: await readUsage(tx, reference) };
  });
}

/** The chain of events that an invocation belongs to, with this run counted in: for the function, and for whoever hears of its end. */
export const traceOf = ({ reference, head }: Pick<Invocable, 'reference' | 'head'>, traceId: string): EnteredTrace => enterTrace(traceId, functionArn(reference, head.name));

/** Whether a run would be one too many of a loop that its function may not be part of. */
export const isOneTooMany = ({ head }: Pick<Invocable, 'head'>, loops: number): boolean => loops >= recursiveRunsMax && head.allowsRecursion !== true;

/** Runs it, a durable function to the end of an execution. Throws when it is throttled or stopped, or when no environment can be made. */
export async function runInvocable(
  found: Invocable,
  input: Omit<InvocationInput, 'invokedFunctionArn'>,
  deps: Pick<LambdaContext, 'store' | 'fleet' | 'durable'> & { readonly asynchronous?: boolean },
): Promise<InvocationResult> {
  if (found.row.durable === undefined) return runVersion(found, input, deps);
  const { traceId, event, tenantId } = input;
  requireTenant(found.row, tenantId);
  const { payload, failed } = await deps.durable.run({ reference: found.reference, version: found.row, input: event, traceId, tenantId });
  return { payload, failed, isMidStream: false, outcome: failed ? 'function-error' : 'response', cold: false, durationMs: 0, ranMs: 0, logTail: undefined };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-troubleshooting.html: a tenant is named where they are isolated, and nowhere else. */
export function requireTenant({ tenancy }: Invocable['row'], tenantId: string | undefined): void {
  if (tenancy !== undefined && tenantId === undefined) throw errors.invalidParameter('The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try again.');
  if (tenancy === undefined && tenantId !== undefined) throw errors.invalidParameter('The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request and try again.');
}

/** One invocation in an environment of its own. */
export async function runVersion(
  found: Invocable,
  input: Omit<InvocationInput, 'invokedFunctionArn'>,
  { store, fleet, asynchronous = false }: Pick<LambdaContext, 'store' | 'fleet'> & { readonly asynchronous?: boolean },
): Promise<InvocationResult> {
  const { reference, head, row, usage } = found;
  const trace = traceOf(found, input.traceId);
  if (isOneTooMany(found, trace.loops)) {
    fleet.dropRecursive(functionArn(reference, head.name));
    throw errors.recursiveInvocation();
  }
  requireTenant(row, input.tenantId);
  const deployment = { place: { account: reference.account, region: reference.region }, name: head.name, row, tenantId: input.tenantId };
  const rules = {
    reserved: head.reservedConcurrency,
    provisioned: head.provisionedConcurrency ?? 0,
    taken: usage.reservedConcurrency,
    qualifier: reference.qualifier,
    asynchronous,
  };
  const invokedFunctionArn = functionArn(reference, head.name, reference.qualifier);
  try {
    const { requestId, event, clientContext, wantsTail, receiver, tenantId } = input;
    return await fleet.invoke(deployment, rules, { requestId, event, invokedFunctionArn, clientContext, traceId: trace.header, wantsTail, receiver, tenantId });
  } catch (error) {
    // A function that is deleted meanwhile takes its archive with it: then it is not found, and nothing is broken.
    if (!(error instanceof ServiceError)) await store.read((tx) => requireVersion(tx, reference));
    throw error;
  }
}
