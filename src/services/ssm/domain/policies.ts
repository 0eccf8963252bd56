// Parameter policies (user guide, "Assigning parameter policies"). Expiration is done by a timer. The two that notify need EventBridge
// and are refused until it is there.
import { incompatiblePolicy, invalidPolicyAttribute, invalidPolicyType, tooManyPolicies, validation } from '../errors.ts';
import { policiesMax } from '../limits.ts';

export interface ParameterPolicy {
  readonly type: 'Expiration';
  /** The policy's own JSON, as the answers give it back. */
  readonly text: string;
  readonly expiresAtMs: number;
}

interface PolicyShape {
  readonly Type?: unknown;
  readonly Version?: unknown;
  readonly Attributes?: unknown;
}

/** The policies in a request: none for `[]`, `{}` and `[{}]`, which take them away. */
export function parsePolicies(text: string): readonly ParameterPolicy[] {
  const list = readList(text).filter((policy) => Object.keys(policy).length > 0);
  if (list.length > policiesMax) throw tooManyPolicies();
  const policies = list.map(parsePolicy);
  if (policies.length > 1) throw incompatiblePolicy('There is a conflict in the policies specified for this parameter. You can\'t, for example, specify two Expiration policies for a parameter.');
  return policies;
}

function readList(text: string): PolicyShape[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw validation('Invalid policies input: the policies are not valid JSON.');
  }
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  if (list.some((policy) => typeof policy !== 'object' || policy === null || Array.isArray(policy))) throw validation('Invalid policies input: a policy must be a JSON object.');
  return list as PolicyShape[];
}

function parsePolicy(policy: PolicyShape): ParameterPolicy {
  const { Type: type, Version: version, Attributes: attributes } = policy;
  if (type === 'ExpirationNotification' || type === 'NoChangeNotification') {
    throw invalidPolicyType(`The policy type ${type} is not supported by Haneul yet: it needs EventBridge. Parameter Store supports the policy type Expiration here.`);
  }
  if (type !== 'Expiration') throw invalidPolicyType('The policy type isn\'t supported. Parameter Store supports the following policy types: Expiration, ExpirationNotification, and NoChangeNotification.');
  if (version !== '1.0') throw invalidPolicyAttribute('A policy attribute or its value is invalid. The Version of a policy must be 1.0.');
  const timestamp = typeof attributes === 'object' && attributes !== null && 'Timestamp' in attributes ? attributes.Timestamp : undefined;
  const expiresAtMs = typeof timestamp === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/.test(timestamp) ? Date.parse(timestamp) : NaN;
  if (!Number.isFinite(expiresAtMs)) throw invalidPolicyAttribute('A policy attribute or its value is invalid. Timestamp must be an ISO 8601 date and time, for example 2028-12-02T21:34:33.000Z.');
  return { type: 'Expiration', text: JSON.stringify(policy), expiresAtMs };
}
