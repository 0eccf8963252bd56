// Two timers a secret may have: the end of its recovery window, and its next rotation.
import { uuid } from '../../../base/ids.ts';
import type { Random } from '../../../base/random.ts';
import type { Clock } from '../../../base/clock.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { FiredTimer, TimerHandler, TimerId, Timers } from '../../../kv/timers.ts';
import type { Emitter } from '../../../ports/outbox.ts';
import { nextRotationMs } from '../domain/schedule.ts';
import { secretArn } from '../domain/secretId.ts';
import type { FoundSecret } from '../lookup.ts';
import { beginRun } from '../rotation.ts';
import { clearSecret, secrets, setSecret } from '../store.ts';

const service = 'secretsmanager';

interface TimerDetail {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly id: string;
}

export function deletionTimer({ scope, secret }: FoundSecret): TimerId {
  return { service, id: `delete/${scope.account}/${scope.region}/${secret.id}` };
}

export function rotationTimer({ scope, secret }: FoundSecret): TimerId {
  return { service, id: `rotate/${scope.account}/${scope.region}/${secret.id}` };
}

/** Sets the timer to what the row says, or clears it. */
export async function setRotationTimer(tx: Transaction, found: FoundSecret, timers: Timers): Promise<void> {
  const { rotation, deletesAtMs } = found.secret;
  if (!rotation?.enabled || rotation.nextAtMs === undefined || deletesAtMs !== undefined) return timers.clear(tx, rotationTimer(found));
  const detail: TimerDetail = { ...found.scope, name: found.name, id: found.secret.id };
  await timers.set(tx, { ...rotationTimer(found), dueMs: rotation.nextAtMs, detail });
}

export function clearRotationTimer(tx: Transaction, found: FoundSecret, timers: Timers): Promise<void> {
  return timers.clear(tx, rotationTimer(found));
}

export interface TimerDeps {
  readonly timers: Timers;
  readonly emitter: Emitter;
  readonly random: Random;
  readonly clock: Clock;
}

/** What happens when one of them fires. */
export function createTimerHandler(deps: TimerDeps): TimerHandler {
  return async (tx, timer) => {
    const found = await findByTimer(tx, timer);
    if (found === undefined) return;
    if (timer.id.startsWith('delete/')) {
      if (found.secret.deletesAtMs !== undefined) clearSecret(tx, found.scope, found.name, found.secret);
    } else await rotate(tx, found, deps);
  };
}

async function findByTimer(tx: Transaction, timer: FiredTimer): Promise<FoundSecret | undefined> {
  const { account, region, name, id } = timer.detail as TimerDetail;
  const scope = { account, region };
  const secret = await secrets.get(tx, scope, [name]);
  return secret?.id === id ? { scope, name, secret, arn: secretArn(scope, name, secret.suffix) } : undefined;
}

async function rotate(tx: Transaction, found: FoundSecret, deps: TimerDeps): Promise<void> {
  const { secret } = found;
  const { rotation, deletesAtMs } = secret;
  if (!rotation?.enabled || deletesAtMs !== undefined) return;
  const nowMs = deps.clock.now();
  const nextAtMs = rotation.rules && nextRotationMs(rotation.rules, nowMs);
  const { nextAtMs: _fired, ...kept } = rotation;
  const planned = { ...secret, rotation: { ...kept, ...(nextAtMs === undefined ? {} : { nextAtMs }) } };
  setSecret(tx, found.scope, found.name, planned);
  await setRotationTimer(tx, { ...found, secret: planned }, deps.timers);
  // One that is under way goes on; one that gave up is taken up again with its token.
  if (rotation.run !== undefined && !rotation.run.gaveUp) return;
  await beginRun(tx, { ...found, secret: planned }, { token: uuid(deps.random), trial: false, nowMs }, deps);
}
