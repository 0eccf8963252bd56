// Service control policies, as the operator sets them: Haneul has no Organizations service, but its guardrails can be tried.
// They are kept in memory, because every request asks for them, and in the store.

import { ServiceError } from '../../base/errors.ts';
import type { Store } from '../../kv/store.ts';
import { parsePolicy } from '../../policy/parsePolicy.ts';
import type { PolicyText } from '../../ports/identity.ts';
import { controlLevelsMax, controlPoliciesPerLevel } from './limits.ts';
import { findControlPolicies, setControlPolicies, type ControlPoliciesRow } from './store.ts';

export interface Organization {
  /** What binds the account: one list for each level, from the root down; undefined when nothing does. */
  serviceControlOf(account: string): readonly (readonly PolicyText[])[] | undefined;
  /** As they were set. */
  current(): ControlPoliciesRow;
  /** Replaces all of them; throws ServiceError for what they cannot be. */
  replace(given: unknown): Promise<ControlPoliciesRow>;
}

const none: ControlPoliciesRow = { levels: [], exemptAccounts: [] };

/** Reads what was set before. */
export async function openOrganization(store: Store): Promise<Organization> {
  let row = (await store.read((tx) => findControlPolicies(tx))) ?? none;
  return {
    serviceControlOf: (account) => (row.levels.length === 0 || row.exemptAccounts.includes(account) ? undefined : row.levels),
    current: () => row,
    async replace(given) {
      const read = readControlPolicies(given);
      await store.transact(async (tx) => setControlPolicies(tx, read));
      row = read;
      return row;
    },
  };
}

function readControlPolicies(given: unknown): ControlPoliciesRow {
  const { levels, exemptAccounts = [] } = isRecord(given) ? given : {};
  if (!Array.isArray(levels) || levels.length > controlLevelsMax) throw invalid(`Send {"levels": [[{"name": …, "document": …}]]} with at most ${controlLevelsMax} levels.`);
  if (!Array.isArray(exemptAccounts) || !exemptAccounts.every((account) => /^\d{12}$/.test(String(account)))) throw invalid('exemptAccounts are account ids of 12 digits.');
  return { levels: levels.map(readLevel), exemptAccounts: exemptAccounts.map(String) };
}

// Organizations user guide, "Quotas": 5 policies of a kind attached to one level.
function readLevel(level: unknown): PolicyText[] {
  if (!Array.isArray(level) || level.length === 0 || level.length > controlPoliciesPerLevel) {
    throw invalid(`Each level is a list of 1 to ${controlPoliciesPerLevel} policies: without one it would allow nothing.`);
  }
  return level.map((item: unknown) => {
    const { name, document } = isRecord(item) ? item : {};
    if (typeof name !== 'string' || name === '' || name.length > 128) throw invalid('Every policy has a name of 1 to 128 characters.');
    const text = typeof document === 'string' ? document : JSON.stringify(document ?? null);
    const parsed = parsePolicy(text, 'stored');
    if ('problem' in parsed) throw invalid(`${name}: ${parsed.problem}`);
    // Organizations user guide, "SCP syntax": they name no principal, and always a resource.
    if (parsed.policy.statements.some(({ principals, resources }) => principals !== undefined || resources === undefined)) {
      throw invalid(`${name}: every statement of a service control policy has a Resource and no Principal.`);
    }
    return { source: `service-control:${name}`, document: text };
  });
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

function invalid(message: string): ServiceError {
  return new ServiceError('BadRequest', message, { status: 400 });
}
