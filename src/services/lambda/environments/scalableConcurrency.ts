// Provisioned concurrency as Application Auto Scaling sees it.
// https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-lambda.html
import { ServiceError } from '../../../base/errors.ts';
import type { ScalablePlace, ScalableResource } from '../../../ports/scalableResource.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import { requireFunction, requireVersion } from '../lookup.ts';
import { latest } from '../store.ts';
import { provision } from './provision.ts';
import { provisionedKey } from './provisioned.ts';
import type { Provisioned } from './provisioned.ts';
import { endProvisioned, findProvisioned } from './provisionedStore.ts';

const utilisation = 'LambdaProvisionedConcurrencyUtilization';

export function createScalableConcurrency({ provisioned, accountConcurrency }: { readonly provisioned: Provisioned; readonly accountConcurrency: number }): ScalableResource {
  return {
    namespace: 'lambda',
    dimension: 'lambda:function:ProvisionedConcurrency',
    roleSuffix: 'LambdaConcurrency',
    noun: 'desired concurrency',
    // The guide, "Managing provisioned concurrency with Application Auto Scaling": values between 10% and 90%.
    metrics: { [utilisation]: { min: 0.1, max: 0.9 } },
    async describe(tx, place, resourceId) {
      const reference = referenceOf(place, resourceId);
      if (reference === undefined) return undefined;
      try {
        await requireVersion(tx, reference);
      } catch (error) {
        if (error instanceof ServiceError) return undefined;
        throw error;
      }
      const row = await findProvisioned(tx, reference, reference.qualifier);
      if (row === undefined) return { capacity: 0, status: 'fulfilled' };
      const now = provisioned.status(provisionedKey(row, row.name, row.qualifier), row);
      if (now === undefined || now.status === 'IN_PROGRESS') return { capacity: row.count, status: 'pending' };
      return now.status === 'READY' ? { capacity: row.count, status: 'fulfilled' } : { capacity: row.count, status: 'failed', reason: now.reason ?? '' };
    },
    async setCapacity(tx, place, resourceId, capacity, nowMs) {
      const reference = referenceOf(place, resourceId);
      if (reference === undefined) throw new ServiceError('ValidationException', `Unsupported resource: ${resourceId}`);
      if (capacity > 0) await provision(tx, reference, { count: capacity, nowMs, accountConcurrency });
      else await endProvisioned(tx, await requireFunction(tx, reference), reference, reference.qualifier);
    },
    peak(metric, place, resourceId, minuteMs) {
      const reference = referenceOf(place, resourceId);
      if (metric !== utilisation || reference === undefined) return undefined;
      return provisioned.peakUtilisation(provisionedKey(place, reference.name, reference.qualifier), minuteMs);
    },
  };
}

function referenceOf({ account, region }: ScalablePlace, resourceId: string): (FunctionReference & { readonly qualifier: string }) | undefined {
  const [, name = '', qualifier = ''] = /^function:([a-zA-Z0-9-_]{1,64}):([a-zA-Z0-9-_]{1,128})$/.exec(resourceId) ?? [];
  return name === '' || qualifier === latest ? undefined : { account, region, name, qualifier };
}
