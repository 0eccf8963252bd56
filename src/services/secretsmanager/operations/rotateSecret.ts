import type { RotateSecretRequest } from '@aws-sdk/client-secrets-manager';
import type { Call } from '../../../framework/context.ts';
import { nextRotationMs, requireRules } from '../domain/schedule.ts';
import { current, pending } from '../domain/stages.ts';
import type { RotationRules } from '../domain/types.ts';
import { requireToken } from '../domain/versionId.ts';
import { cannotInvoke, invalidRequest, rotationTokenMissing, secretNotFound, unsupported } from '../errors.ts';
import { servicePrincipal } from '../events.ts';
import { setRotationTimer } from '../jobs/timers.ts';
import { requirePrimary, secretAccess } from '../lookup.ts';
import type { FoundSecret } from '../lookup.ts';
import { operation } from '../operation.ts';
import type { SecretsDeps } from '../operation.ts';
import { changedEverywhere } from '../replication.ts';
import { beginRun } from '../rotation.ts';
import { setSecret } from '../store.ts';

export const rotateSecret = operation('RotateSecret', {
  access: ({ SecretId = '', RotationLambdaARN, RotationRules, RotateImmediately }, call, deps) =>
    secretAccess('RotateSecret', SecretId, call, deps, { RotationLambdaARN, RotateImmediately, ModifyRotationRules: RotationRules !== undefined }),
  async handle(input, call, deps) {
    const { SecretId = '', ClientRequestToken: token, RotateImmediately: immediately = true } = input;
    if (token === undefined) throw rotationTokenMissing();
    requireToken(token);
    if ('ExternalSecretRotationMetadata' in input && input.ExternalSecretRotationMetadata !== undefined) throw unsupported('ExternalSecretRotationMetadata');
    if ('ExternalSecretRotationRoleArn' in input && input.ExternalSecretRotationRoleArn !== undefined) throw unsupported('ExternalSecretRotationRoleArn');
    const seen = await deps.store.read((tx) => requirePrimary(tx, call, SecretId));
    const rules = rulesOf(input);
    if (rules !== undefined) requireRules(rules);
    const functionArn = input.RotationLambdaARN ?? seen.secret.rotation?.functionArn;
    if (functionArn === undefined || functionArn === '') throw invalidRequest('No Lambda rotation function ARN is associated with this secret.');
    await requireInvocable(functionArn, seen, call, deps);

    const outcome = await deps.store.transact(async (tx) => {
      const found = await requirePrimary(tx, call, SecretId);
      if (found.secret.id !== seen.secret.id) throw secretNotFound();
      const before = found.secret.rotation;
      const answer = { ARN: found.arn, Name: found.name, VersionId: token };
      const wanted = rules ?? before?.rules;
      const nextAtMs = wanted && nextRotationMs(wanted, call.nowMs);
      const rotation = {
        ...(before?.rotatedAtMs === undefined ? {} : { rotatedAtMs: before.rotatedAtMs }),
        ...(before?.run === undefined ? {} : { run: before.run }),
        enabled: true,
        functionArn,
        ...(wanted === undefined ? {} : { rules: wanted }),
        ...(nextAtMs === undefined ? {} : { nextAtMs }),
      };
      const planned: FoundSecret = { ...found, secret: { ...found.secret, rotation, changedAtMs: call.nowMs } };
      const waiting = waitingVersion(planned);
      // The same request again: its rotation is under way, or done.
      if (waiting === token || found.secret.stages[current] === token) return { answer, isBusy: false };
      setSecret(tx, found.scope, found.name, planned.secret);
      await setRotationTimer(tx, planned, deps.timers);
      let { secret } = planned;
      const isIdle = rotation.run === undefined || rotation.run.gaveUp === true;
      if (isIdle) secret = await beginRun(tx, planned, { token, trial: !immediately && waiting === undefined, nowMs: call.nowMs }, deps);
      changedEverywhere(tx, { ...planned, secret }, deps);
      return { answer, isBusy: waiting !== undefined };
    });
    // Told only after the earlier rotation has been taken up again, as the text says.
    if (outcome.isBusy) throw invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");
    return outcome.answer;
  },
});

/** The version that an earlier rotation has announced and not made current. */
function waitingVersion({ secret }: FoundSecret): string | undefined {
  const held = secret.stages[pending];
  return held === secret.stages[current] ? undefined : held;
}

function rulesOf({ RotationRules: rules }: RotateSecretRequest): RotationRules | undefined {
  if (rules === undefined) return undefined;
  const { AutomaticallyAfterDays: days, Duration: duration, ScheduleExpression: expression } = rules;
  return {
    ...(days === undefined ? {} : { automaticallyAfterDays: days }),
    ...(duration === undefined ? {} : { duration }),
    ...(expression === undefined ? {} : { scheduleExpression: expression }),
  };
}

async function requireInvocable(functionArn: string, { arn, scope }: FoundSecret, call: Call, { functions }: SecretsDeps): Promise<void> {
  // API reference, RotateSecret: "You also need lambda:InvokeFunction permissions on the rotation function."
  await call.authorise({ action: 'lambda:InvokeFunction', resource: functionArn });
  const verdict = await functions.mayInvoke({ functionArn, service: servicePrincipal, sourceArn: arn, sourceAccount: scope.account });
  if (verdict.kind === 'allowed') return;
  if (verdict.kind === 'denied') call.log.warn('a function does not let a service invoke it', { functionArn, service: servicePrincipal, remedy: verdict.remedy });
  throw cannotInvoke();
}
