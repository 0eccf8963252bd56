// Rotation: a run is a row that says which step comes next; each step is one synchronous call of the function, and the row moves on
// only after the call has succeeded (user guide, "Rotation by Lambda function").
import { uuid } from '../../base/ids.ts';
import type { Random } from '../../base/random.ts';
import type { Transaction } from '../../kv/store.ts';
import type { FunctionInvoker } from '../../ports/functionInvoker.ts';
import type { Delivery, DeliveryResult, Emitter, Envelope } from '../../ports/outbox.ts';
import { pending } from './domain/stages.ts';
import type { RotationRun } from './domain/types.ts';
import { emitRotation, servicePrincipal } from './events.ts';
import type { FoundSecret } from './lookup.ts';
import { changedEverywhere } from './replication.ts';
import { clearVersion, setSecret, values, versions } from './store.ts';
import type { SecretRow } from './store.ts';
import { addVersion } from './versions.ts';

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
const testStep = steps.indexOf('testSecret');

export interface NewRun {
  readonly token: string;
  readonly trial: boolean;
  readonly nowMs: number;
}

export interface RunDeps {
  readonly emitter: Emitter;
  readonly random: Random;
}

/** Announces the new version by the label AWSPENDING, and the run's first step. A run that gave up goes on with its own token. */
export async function beginRun(tx: Transaction, found: FoundSecret, begin: NewRun, { emitter, random }: RunDeps): Promise<SecretRow> {
  const { scope, name, secret } = found;
  const held = secret.stages[pending];
  // A version that still waits to become current is finished before another is begun.
  const token = held !== undefined && held !== secret.stages['AWSCURRENT'] ? held : begin.token;
  const run: RotationRun = { token, step: begin.trial ? testStep : 0, trial: begin.trial, runId: uuid(random), rotationToken: uuid(random) };
  const rotation = { ...(secret.rotation ?? { enabled: true }), run };
  let next: SecretRow = { ...secret, rotation };
  if ((await versions.get(tx, scope, [secret.id, token])) === undefined) {
    next = await addVersion(tx, { ...found, secret: next }, { versionId: token, value: undefined, kmsKeyId: secret.kmsKeyId, labels: [pending], nowMs: begin.nowMs });
  }
  setSecret(tx, scope, name, next);
  emitRotation(tx, { ...found, secret: next }, run.runId, emitter);
  return next;
}

export interface StepDeps extends RunDeps {
  readonly invoker: FunctionInvoker;
  /** Reads and changes the secret that an event is about. */
  readonly transact: <T>(work: (tx: Transaction, found: FoundSecret | undefined) => Promise<T>) => Promise<T>;
  readonly nowMs: () => number;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Does the next step, and announces the one after it. What it answers is for the outbox: a failed step comes again, later each time. */
export async function continueRun(runId: string, envelope: Envelope, delivery: Delivery, deps: StepDeps): Promise<DeliveryResult> {
  const state = await deps.transact(async (_tx, found) => found && { found, run: found.secret.rotation?.run });
  const run = state?.run;
  if (state === undefined || run?.runId !== runId || run.gaveUp) return { kind: 'delivered' };
  const step = steps[run.step];
  if (step === undefined) return finish(runId, delivery, deps);
  const failure = await callFunction(state.found, run, step, envelope, deps);
  if (failure !== undefined) {
    deps.warn('a step of a rotation failed', { secret: state.found.arn, step, failure });
    return { kind: 'retry', reason: failure };
  }
  return deps.transact(async (tx, found) => {
    if (found === undefined || !(await delivery.acknowledge(tx))) return { kind: 'delivered' };
    // After the test alone comes the end.
    await updateRun(tx, found, runId, (current) => ({ ...current, step: current.trial ? steps.length : current.step + 1 }));
    emitRotation(tx, found, runId, deps.emitter);
    return { kind: 'delivered' };
  });
}

/** Runs when a step has failed too often: the run waits for the next rotation. */
export async function giveUpRun(tx: Transaction, found: FoundSecret | undefined, runId: string): Promise<void> {
  await updateRun(tx, found, runId, (run) => ({ ...run, gaveUp: true }));
}

async function callFunction({ secret, arn, scope }: FoundSecret, run: RotationRun, step: string, envelope: Envelope, { invoker }: StepDeps): Promise<string | undefined> {
  const functionArn = secret.rotation?.functionArn;
  if (functionArn === undefined) return 'NoFunction';
  const answer = await invoker.invoke({
    functionArn,
    service: servicePrincipal,
    sourceArn: arn,
    sourceAccount: scope.account,
    requestId: envelope.id,
    payload: Buffer.from(JSON.stringify({ Step: step, SecretId: arn, ClientRequestToken: run.token, RotationToken: run.rotationToken })),
  });
  if (answer.kind === 'answered') return answer.failed ? 'FunctionError' : undefined;
  return answer.reason;
}

async function updateRun(tx: Transaction, found: FoundSecret | undefined, runId: string, change: (run: RotationRun) => RotationRun): Promise<void> {
  const rotation = found?.secret.rotation;
  if (found === undefined || rotation?.run?.runId !== runId) return;
  setSecret(tx, found.scope, found.name, { ...found.secret, rotation: { ...rotation, run: change(rotation.run) } });
}

function finish(runId: string, delivery: Delivery, deps: StepDeps): Promise<DeliveryResult> {
  return deps.transact(async (tx, found) => {
    const rotation = found?.secret.rotation;
    if (found === undefined || rotation?.run?.runId !== runId) return { kind: 'delivered' };
    if (!(await delivery.acknowledge(tx))) return { kind: 'delivered' };
    const { run, ...rest } = rotation;
    const { scope, name } = found;
    let secret: SecretRow = { ...found.secret, rotation: rest };
    if (run.trial) secret = await removeTrial(tx, found, run, rest);
    // The function moves AWSCURRENT; when it did not, nothing has been rotated and the run is taken up again.
    else if (secret.stages['AWSCURRENT'] === run.token) secret = { ...secret, rotation: { ...rest, rotatedAtMs: deps.nowMs() }, changedAtMs: deps.nowMs() };
    else secret = { ...secret, rotation: { ...rest, run: { ...run, step: 0, gaveUp: true } } };
    setSecret(tx, scope, name, secret);
    changedEverywhere(tx, { ...found, secret }, deps);
    return { kind: 'delivered' };
  });
}

// API reference, RotateImmediately: "the test creates an AWSPENDING version of the secret and then removes it".
async function removeTrial(tx: Transaction, { secret, scope }: FoundSecret, run: RotationRun, rotation: NonNullable<SecretRow['rotation']>): Promise<SecretRow> {
  const stages = Object.fromEntries(Object.entries(secret.stages).filter(([label, versionId]) => label !== pending || versionId !== run.token));
  const isEmpty = (await values.get(tx, scope, [secret.id, run.token])) === undefined;
  if (isEmpty && !Object.values(stages).includes(run.token)) clearVersion(tx, scope, secret.id, run.token);
  return { ...secret, stages, rotation };
}
