// What an account must be set up for first, in ways that there are none of here: the answers are those of an account that is not.

import { errors } from '../errors.ts';
import { operation } from '../operation.ts';
import { requireSigned } from '../requireSigned.ts';

// User guide, "Centrally manage root access for member accounts": it takes an organisation.
export const assumeRoot = operation('AssumeRoot', {
  refused: true,
  access(input, call) {
    requireSigned(call);
    return { action: 'sts:AssumeRoot', resource: rootArn(input.TargetPrincipal), conditions: { 'sts:TaskPolicyArn': input.TaskPolicyArn?.arn ?? '' } };
  },
  handle(input, call) {
    const { arn } = requireSigned(call);
    throw errors.accessDenied(`User: ${arn} is not authorized to perform: sts:AssumeRoot on resource: ${rootArn(input.TargetPrincipal)}`);
  },
});

// API reference, GetDelegatedAccessToken: trade-in tokens come from delegation requests, which nobody here can have accepted.
export const getDelegatedAccessToken = operation('GetDelegatedAccessToken', {
  refused: true,
  access: () => ({ action: 'sts:GetDelegatedAccessToken', resource: '*' }),
  handle() {
    throw errors.expiredTradeInToken();
  },
});

// API reference, GetWebIdentityToken: an account's outbound federation is off until IAM's EnableOutboundWebIdentityFederation.
export const getWebIdentityToken = operation('GetWebIdentityToken', {
  refused: true,
  access: (input) => ({
    action: 'sts:GetWebIdentityToken',
    resource: '*',
    conditions: {
      'sts:IdentityTokenAudience': input.Audience ?? [],
      'sts:SigningAlgorithm': input.SigningAlgorithm ?? '',
      ...(input.DurationSeconds !== undefined && { 'sts:DurationSeconds': String(input.DurationSeconds) }),
    },
  }),
  handle() {
    throw errors.outboundFederationDisabled();
  },
});

const rootArn = (target = ''): string => (/^\d{12}$/.test(target) ? `arn:aws:iam::${target}:root` : target);
