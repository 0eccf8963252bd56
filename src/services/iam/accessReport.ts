// What entities may do and what of it they have done: least privilege from facts. Every action counts that a policy allows on
// anything at all; conditions and boundaries are left aside, as AWS's own report does.

import type { ReadTransaction } from '../../kv/store.ts';
import type { ActionCatalogue } from '../../policy/actionCatalogue.ts';
import { parsePolicy } from '../../policy/parsePolicy.ts';
import { createStatements } from '../../policy/policySet.ts';
import type { Statement } from '../../policy/types.ts';
import type { ManagedPolicies } from './managedPolicies.ts';
import { listPolicySources } from './policySources.ts';
import { listActionUses, type ActionUseRow, type EntityRow } from './store.ts';

export interface ServiceAccessReport {
  readonly prefix: string;
  readonly fullName: string;
  /** In the order of their names. */
  readonly actions: readonly ReportedAction[];
}

export interface ReportedAction {
  readonly name: string;
  /** The newest use by any of the entities; undefined when none ever used it. */
  readonly used: EntityUse | undefined;
}

export interface EntityUse extends ActionUseRow {
  readonly entity: EntityRow;
}

export interface ReportDeps {
  readonly managedPolicies: ManagedPolicies;
  readonly actions: ActionCatalogue;
}

/** The services that any of the entities may use, with the actions allowed, each with its last use. */
export async function reportAccess(tx: ReadTransaction, account: string, entities: readonly EntityRow[], deps: ReportDeps): Promise<ServiceAccessReport[]> {
  const allowed = new Set<string>();
  const uses = new Map<string, EntityUse>();
  for (const entity of entities) {
    for (const action of await allowedActions(tx, account, entity, deps)) allowed.add(action);
    for (const { action, row } of await listActionUses(tx, account, entity.id)) {
      const known = uses.get(action);
      if (known === undefined || known.atMs < row.atMs) uses.set(action, { ...row, entity });
    }
  }
  return Object.entries(deps.actions.services).flatMap(([prefix, fullName]) => {
    const names = Object.keys(deps.actions.find(prefix)?.actions ?? {}).filter((name) => allowed.has(`${prefix}:${name}`));
    return names.length === 0 ? [] : [{ prefix, fullName, actions: names.map((name) => ({ name, used: uses.get(`${prefix}:${name}`) })) }];
  });
}

/** The newest use of a service. */
export function lastUseOf({ actions }: ServiceAccessReport): EntityUse | undefined {
  return actions.reduce<EntityUse | undefined>((newest, { used }) => (used && (newest === undefined || used.atMs > newest.atMs) ? used : newest), undefined);
}

async function allowedActions(tx: ReadTransaction, account: string, entity: EntityRow, { managedPolicies, actions }: ReportDeps): Promise<string[]> {
  const policies = (await listPolicySources(tx, managedPolicies, account, entity)).flatMap(({ document }) => {
    const parsed = parsePolicy(document, 'stored');
    return 'policy' in parsed ? [parsed.policy] : [];
  });
  const statements = createStatements(policies);
  return Object.keys(actions.services).flatMap((prefix) =>
    Object.keys(actions.find(prefix)?.actions ?? {})
      .map((name) => `${prefix}:${name}`)
      .filter((action) => {
        const { denies, allows } = statements.about(action);
        return allows.length > 0 && !denies.some(({ statement }) => statement.conditions.length === 0 && coversEverything(statement.resources));
      }),
  );
}

// Only a deny of everything takes an action away for good.
function coversEverything(resources: Statement['resources']): boolean {
  if (resources === undefined) return true;
  return !resources.negated && resources.patterns.some((resource) => resource.kind === 'whole' && resource.pattern.source === '*');
}
