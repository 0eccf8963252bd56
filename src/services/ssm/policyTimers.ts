// Parameter policies act by timers, one for each: Expiration deletes the parameter, the two others tell EventBridge (user guide,
// "Assigning parameter policies"). Another version of the parameter sets them anew.
import type { Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { TimerHandler, Timers } from '../../kv/timers.ts';
import { dueAt } from './domain/policies.ts';
import { tellChange, tellPolicyAction, type EventDeps } from './events.ts';
import { clearParameter, parameters, setParameter, versions } from './store.ts';
import type { ParameterRow } from './store.ts';

interface TimerDetail {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly id: string;
  readonly version: number;
  /** Which of the version's policies. */
  readonly index: number;
}

interface Named {
  readonly scope: Scope;
  readonly name: string;
  readonly row: ParameterRow;
}

/** Sets the timers to what the latest version says, and clears those of the version before that it has no use for. */
export async function setPolicyTimers(tx: Transaction, { scope, name, row }: Named, before: ParameterRow | undefined, timers: Timers): Promise<void> {
  const { policies = [], modifiedAtMs, version } = row.latest;
  for (const [index, policy] of policies.entries()) {
    const dueMs = dueAt(policy, policies, modifiedAtMs);
    const detail: TimerDetail = { ...scope, name, id: row.id, version, index };
    if (dueMs !== undefined) await timers.set(tx, { ...timerOf(scope, row, index), dueMs, detail });
  }
  await clearFrom(tx, scope, before, policies.length, timers);
}

/** Forgets a parameter's timers: it is deleted otherwise. */
export function clearPolicyTimers(tx: Transaction, { scope, row }: Pick<Named, 'scope' | 'row'>, timers: Timers): Promise<void> {
  return clearFrom(tx, scope, row, 0, timers);
}

async function clearFrom(tx: Transaction, scope: Scope, row: ParameterRow | undefined, first: number, timers: Timers): Promise<void> {
  const count = row?.latest.policies?.length ?? 0;
  for (let index = first; row !== undefined && index < count; index += 1) await timers.clear(tx, timerOf(scope, row, index));
}

/** What happens when a timer fires. */
export function actOnPolicy(deps: EventDeps & { readonly timers: Timers }): TimerHandler {
  return async (tx, timer) => {
    const { account, region, name, id, version, index } = timer.detail as TimerDetail;
    const scope = { account, region };
    const row = await parameters.get(tx, scope, [name]);
    const { policies = [] } = row?.latest ?? {};
    const policy = policies[index];
    if (row === undefined || policy === undefined || row.id !== id || row.latest.version !== version) return;
    const told = { scope, name, version: row.latest, atMs: timer.dueMs };
    if (policy.type === 'Expiration') {
      await clearPolicyTimers(tx, { scope, row }, deps.timers);
      clearParameter(tx, scope, name, row);
      await tellChange(tx, told, 'Delete', deps);
    } else {
      const latest = { ...row.latest, policies: policies.map((other, place) => (place === index ? { ...other, done: true as const } : other)) };
      setParameter(tx, scope, name, { ...row, latest });
      versions.set(tx, scope, [id, version], latest);
    }
    await tellPolicyAction(tx, told, policy, deps);
  };
}

const timerOf = ({ account, region }: Scope, { id }: ParameterRow, index: number) => ({ service: 'ssm', id: `policy/${account}/${region}/${id}/${index}` });
