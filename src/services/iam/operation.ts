import type { Random } from '../../base/random.ts';
import { operationsOf } from '../../framework/service.ts';
import type { ActionCatalogue } from '../../policy/actionCatalogue.ts';
import type { AccessUseRecorder } from './accessUse.ts';
import type { Store } from '../../kv/store.ts';
import type { ManagedPolicies } from './managedPolicies.ts';

export interface IamDeps {
  readonly store: Store;
  readonly random: Random;
  /** The policies that AWS maintains. */
  readonly managedPolicies: ManagedPolicies;
  /** What AWS knows of actions. */
  readonly actions: ActionCatalogue;
  /** Where uses are noted before they are written. */
  readonly use?: Pick<AccessUseRecorder, 'flush'>;
}

export const operation = operationsOf<typeof import('@aws-sdk/client-iam'), IamDeps>();
