// The policy Expiration: a timer deletes the parameter (user guide, "Assigning parameter policies").
import type { Transaction } from '../../kv/store.ts';
import type { Scope } from '../../kv/table.ts';
import type { TimerHandler, Timers } from '../../kv/timers.ts';
import { clearParameter, parameters } from './store.ts';
import type { ParameterRow } from './store.ts';

interface TimerDetail {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly id: string;
}

interface Named {
  readonly scope: Scope;
  readonly name: string;
  readonly row: ParameterRow;
}

/** Sets the timer to what the latest version says, or clears it. */
export async function setExpirationTimer(tx: Transaction, { scope, name, row }: Named, timers: Timers): Promise<void> {
  const dueMs = expiryOf(row);
  const timer = timerOf(scope, row);
  if (dueMs === undefined) return timers.clear(tx, timer);
  const detail: TimerDetail = { ...scope, name, id: row.id };
  await timers.set(tx, { ...timer, dueMs, detail });
}

/** Forgets a parameter's timer: it is deleted otherwise. */
export function clearExpirationTimer(tx: Transaction, { scope, row }: Pick<Named, 'scope' | 'row'>, timers: Timers): Promise<void> {
  return expiryOf(row) === undefined ? Promise.resolve() : timers.clear(tx, timerOf(scope, row));
}

/** What happens when a timer fires. */
export const expireParameter: TimerHandler = async (tx, timer) => {
  const { account, region, name, id } = timer.detail as TimerDetail;
  const scope = { account, region };
  const row = await parameters.get(tx, scope, [name]);
  if (row?.id === id && expiryOf(row) !== undefined) clearParameter(tx, scope, name, row);
};

function expiryOf({ latest }: ParameterRow): number | undefined {
  return latest.policies?.find(({ type }) => type === 'Expiration')?.expiresAtMs;
}

const timerOf = ({ account, region }: Scope, { id }: ParameterRow) => ({ service: 'ssm', id: `expire/${account}/${region}/${id}` });
