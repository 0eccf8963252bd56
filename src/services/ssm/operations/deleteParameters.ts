import type { Transaction } from '../../../kv/store.ts';
import type { Call } from '../../../framework/context.ts';
import { parseReference } from '../domain/names.ts';
import { parameterNotFound } from '../errors.ts';
import { tellChange } from '../events.ts';
import { parameterAccess } from '../lookup.ts';
import { operation, scopeOf } from '../operation.ts';
import type { SsmDeps } from '../operation.ts';
import { clearPolicyTimers } from '../policyTimers.ts';
import { clearParameter, parameters } from '../store.ts';

export const deleteParameter = operation('DeleteParameter', {
  access: ({ Name = '' }, call, deps) => parameterAccess('DeleteParameter', Name, call, deps),
  async handle({ Name = '' }, call, deps) {
    await deps.store.transact(async (tx) => {
      if (!(await remove(tx, Name, call, deps))) throw parameterNotFound();
    });
    return {};
  },
});

export const deleteParameters = operation('DeleteParameters', {
  access: ({ Names = [] }, call, deps) => Promise.all(Names.map((name) => parameterAccess('DeleteParameters', name, call, deps))),
  handle: ({ Names = [] }, call, deps) =>
    deps.store.transact(async (tx) => {
      const deleted: string[] = [];
      const invalid: string[] = [];
      for (const name of new Set(Names)) ((await remove(tx, name, call, deps)) ? deleted : invalid).push(name);
      return { DeletedParameters: deleted, InvalidParameters: invalid };
    }),
});

async function remove(tx: Transaction, name: string, call: Call, deps: SsmDeps): Promise<boolean> {
  const scope = scopeOf(call);
  // Neither a selector nor an ARN deletes.
  const reference = parseReference(name, scope);
  if (reference === undefined || reference.selector !== undefined || name.startsWith('arn:')) return false;
  const row = await parameters.get(tx, scope, [name]);
  if (row === undefined) return false;
  await clearPolicyTimers(tx, { scope, row }, deps.timers);
  clearParameter(tx, scope, name, row);
  await tellChange(tx, { scope, name, version: row.latest, atMs: call.nowMs }, 'Delete', deps);
  return true;
}
