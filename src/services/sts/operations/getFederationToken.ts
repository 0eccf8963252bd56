import type { Call } from '../../../framework/context.ts';
import type { FederatedOwner } from '../../../ports/identity.ts';
import { readSessionPolicies } from '../domain/sessionPolicies.ts';
import { readSessionTags } from '../domain/sessionTags.ts';
import { errors } from '../errors.ts';
import { federationTokenSecondsDefault, rootSessionTokenSecondsMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { requireSigned } from '../requireSigned.ts';
import { describeCredential } from '../roleSession.ts';

export const getFederationToken = operation('GetFederationToken', {
  access(input, call) {
    const resource = federatedArn(call, input.Name ?? '');
    const tags = readSessionTags({ tags: input.Tags });
    const conditions = tags.requestConditions;
    return [{ action: 'sts:GetFederationToken', resource, conditions }, ...(tags.count > 0 ? [{ action: 'sts:TagSession', resource, conditions }] : [])];
  },
  async handle(input, call, { identity }) {
    const caller = requireSigned(call);
    // API reference, GetFederationToken: only long-term keys may ask.
    if (caller.kind === 'role-session' || caller.kind === 'federated-user') throw errors.accessDenied('Cannot call GetFederationToken with session credentials');
    const name = input.Name ?? '';
    const { sessionConditions } = readSessionTags({ tags: input.Tags });
    const narrowed = await readSessionPolicies(input, call.account, identity);
    const owner: FederatedOwner = caller.kind === 'root' ? { kind: 'root' } : { kind: 'user', userName: caller.userName, userId: caller.userId };
    const arn = federatedArn(call, name);
    const wanted = input.DurationSeconds ?? federationTokenSecondsDefault;
    // The root user's sessions are cut to one hour without a word (API reference, GetFederationToken).
    const durationSeconds = caller.kind === 'root' ? Math.min(wanted, rootSessionTokenSecondsMax) : wanted;
    const federated = { kind: 'federated-user', account: call.account, arn, userId: `${call.account}:${name}`, userArn: caller.arn, owner } as const;
    const issued = await identity.issue({ caller: federated, durationSeconds, conditions: sessionConditions, ...(narrowed && { policies: narrowed.policies }) });
    return {
      Credentials: describeCredential(issued),
      FederatedUser: { FederatedUserId: federated.userId, Arn: arn },
      ...(narrowed && { PackedPolicySize: narrowed.packedPercent }),
    };
  },
});

function federatedArn({ account }: Call, name: string): string {
  return `arn:aws:sts::${account}:federated-user/${name}`;
}
