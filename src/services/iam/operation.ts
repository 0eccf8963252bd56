import type { Random } from '../../base/random.ts';
import { operationsOf } from '../../framework/service.ts';
import type { Store } from '../../kv/store.ts';
import type { ManagedPolicies } from './managedPolicies.ts';

export interface IamDeps {
  readonly store: Store;
  readonly random: Random;
  /** The policies that AWS maintains. */
  readonly managedPolicies: ManagedPolicies;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-iam'), IamDeps>();
