// What requests name, and the permission it takes.
import type { AccessRequest, Call } from '../../framework/context.ts';
import type { ReadTransaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { ScalableResource } from '../../ports/scalableResource.ts';
import { errors } from './errors.ts';
import type { TargetName } from './errors.ts';
import type { ApplicationAutoscalingDeps } from './operation.ts';
import { findTarget, targetArn } from './store.ts';
import type { TargetRow } from './store.ts';

interface Named {
  readonly ServiceNamespace?: string | undefined;
  readonly ResourceId?: string | undefined;
  readonly ScalableDimension?: string | undefined;
}

export const scopeOf = ({ account, region }: Call): Scope => ({ account, region });

export const targetNameOf = ({ ServiceNamespace: namespace = '', ResourceId: resourceId = '', ScalableDimension: dimension = '' }: Named): TargetName => ({ namespace, resourceId, dimension });

/** The permission of an operation on one target. */
export function targetAccess(action: string): (input: Named, call: Call) => AccessRequest {
  return (input, call) => {
    const target = targetNameOf(input);
    return {
      action: `application-autoscaling:${action}`,
      resource: targetArn(scopeOf(call), target),
      conditions: { 'application-autoscaling:service-namespace': target.namespace, 'application-autoscaling:scalable-dimension': target.dimension },
    };
  };
}

/** The resource behind a target. Refuses what nobody here scales, and dimensions that their namespace does not have. */
export function requireResource({ namespace, dimension }: TargetName, { resources }: Pick<ApplicationAutoscalingDeps, 'resources'>): ScalableResource {
  const found = resources.find((resource) => resource.namespace === namespace && resource.dimension === dimension);
  if (found !== undefined) return found;
  if (!dimension.startsWith(`${namespace}:`)) throw errors.unsupportedDimension();
  throw errors.notSupported(`scaling of ${dimension}`);
}

export async function requireTarget(tx: ReadTransaction, scope: Scope, target: TargetName, missing: (target: TargetName) => Error = errors.noTarget): Promise<TargetRow> {
  const row = await findTarget(tx, scope, target);
  if (row === undefined) throw missing(target);
  return row;
}
