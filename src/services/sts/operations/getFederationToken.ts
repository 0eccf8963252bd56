import { assert } from '../../../base/errors.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { Caller, FederatedOwner } from '../../../ports/identity.ts';
import { readSessionPolicies } from '../domain/sessionPolicies.ts';
import { readSessionTags } from '../domain/sessionTags.ts';
import { errors } from '../errors.ts';
import { federationTokenSecondsDefault, rootSessionTokenSecondsMax } from '../limits.ts';
import { operation } from '../operation.ts';
import { requireSigned } from '../requireSigned.ts';
import { checkTokenSize, describeCredential } from '../roleSession.ts';

// DEVIATION: AWS keeps such a session from IAM, and from STS but GetCallerIdentity; here its policies decide.
export const getFederationToken = operation('GetFederationToken', {
  access(input, call) {
    const caller = requireOwner(call);
    const resource = arnOf(caller.account, input.Name ?? '');
    const tags = readSessionTags({ tags: input.Tags });
    const to = (action: string): AccessRequest => ({ action, resource, conditions: tags.requestConditions });
    return [to('sts:GetFederationToken'), ...(tags.count > 0 ? [to('sts:TagSession')] : [])];
  },

  async handle(input, call, { identity }) {
    const caller = requireOwner(call);
    checkTokenSize(input);
    const { Name: name } = input;
    assert(name !== undefined, 'a required member is missing although constraints were checked');
    const narrowed = await readSessionPolicies(input, caller.account, identity);
    const wanted = input.DurationSeconds ?? federationTokenSecondsDefault;
    const durationSeconds = caller.kind === 'root' ? Math.min(wanted, rootSessionTokenSecondsMax) : wanted;
    const owner: FederatedOwner = caller.kind === 'root' ? { kind: 'root' } : { kind: 'user', userName: caller.userName, userId: caller.userId };
    const federated: Caller = {
      kind: 'federated-user',
      account: caller.account,
      arn: arnOf(caller.account, name),
      userId: `${caller.account}:${name}`,
      userArn: caller.arn,
      owner,
    };
    const issued = await identity.issue({
      caller: federated,
      durationSeconds,
      // Present even if empty: without policies the session may do nothing by itself.
      policies: narrowed?.policies ?? [],
      conditions: readSessionTags({ tags: input.Tags }).sessionConditions,
    });
    return {
      Credentials: describeCredential(issued),
      FederatedUser: { FederatedUserId: federated.userId, Arn: federated.arn },
      ...(narrowed && { PackedPolicySize: narrowed.packedPercent }),
    };
  },
});

const arnOf = (account: string, name: string): string => `arn:aws:sts::${account}:federated-user/${name}`;

// API reference, GetFederationToken: it takes the long-term credentials of a user, or of root.
function requireOwner(call: Call): Extract<Caller, { kind: 'user' | 'root' }> {
  const caller = requireSigned(call);
  if ((caller.kind !== 'user' && caller.kind !== 'root') || call.head.headers['x-amz-security-token'] !== undefined) {
    throw errors.accessDenied('Cannot call GetFederationToken with session credentials');
  }
  return caller;
}
