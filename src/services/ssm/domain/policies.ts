// Parameter policies (user guide, "Assigning parameter policies").
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-policies.html
import { incompatiblePolicy, invalidPolicyAttribute, invalidPolicyType, tooManyPolicies, validation } from '../errors.ts';
import { policiesMax } from '../limits.ts';

interface PolicyText {
  /** The policy's own JSON, as the answers give it back. */
  readonly text: string;
  /** It has notified; another version of the parameter begins anew. */
  readonly done?: true;
}

export type ParameterPolicy =
  | (PolicyText & { readonly type: 'Expiration'; readonly expiresAtMs: number })
  /** Tells so long before the parameter expires. */
  | (PolicyText & { readonly type: 'ExpirationNotification'; readonly beforeMs: number })
  /** Tells when the parameter has not been changed for so long. */
  | (PolicyText & { readonly type: 'NoChangeNotification'; readonly afterMs: number });

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
  const expirations = policies.filter(({ type }) => type === 'Expiration').length;
  const changes = policies.filter(({ type }) => type === 'NoChangeNotification').length;
  if (expirations > 1 || changes > 1) throw incompatiblePolicy("There is a conflict in the policies specified for this parameter. You can't, for example, specify two Expiration policies for a parameter.");
  if (expirations === 0 && policies.some(({ type }) => type === 'ExpirationNotification')) {
    throw incompatiblePolicy('There is a conflict in the policies specified for this parameter. An ExpirationNotification policy needs an Expiration policy.');
  }
  return policies;
}

/** When a policy of a version acts; undefined where it has acted. */
export function dueAt(policy: ParameterPolicy, policies: readonly ParameterPolicy[], modifiedAtMs: number): number | undefined {
  if (policy.done) return undefined;
  if (policy.type === 'Expiration') return policy.expiresAtMs;
  if (policy.type === 'NoChangeNotification') return modifiedAtMs + policy.afterMs;
  const expiration = policies.find(({ type }) => type === 'Expiration');
  return expiration?.type === 'Expiration' ? expiration.expiresAtMs - policy.beforeMs : undefined;
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
  const { Type: type, Version: version, Attributes: given } = policy;
  if (type !== 'Expiration' && type !== 'ExpirationNotification' && type !== 'NoChangeNotification') {
    throw invalidPolicyType("The policy type isn't supported. Parameter Store supports the following policy types: Expiration, ExpirationNotification, and NoChangeNotification.");
  }
  if (version !== '1.0') throw invalidPolicyAttribute('A policy attribute or its value is invalid. The Version of a policy must be 1.0.');
  const attributes = typeof given === 'object' && given !== null ? (given as Readonly<Record<string, unknown>>) : {};
  const text = JSON.stringify(policy);
  if (type === 'Expiration') return { type, text, expiresAtMs: parseTimestamp(attributes['Timestamp']) };
  if (type === 'ExpirationNotification') return { type, text, beforeMs: parseDuration('Before', attributes) };
  return { type, text, afterMs: parseDuration('After', attributes) };
}

function parseTimestamp(timestamp: unknown): number {
  const atMs = typeof timestamp === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/.test(timestamp) ? Date.parse(timestamp) : NaN;
  if (!Number.isFinite(atMs)) throw invalidPolicyAttribute('A policy attribute or its value is invalid. Timestamp must be an ISO 8601 date and time, for example 2028-12-02T21:34:33.000Z.');
  return atMs;
}

const unitMs = { Days: 86_400_000, Hours: 3_600_000 } as const;
// A hundred years: sums of it and a date stay dates.
const durationMsMax = 36_500 * unitMs.Days;

function parseDuration(name: 'Before' | 'After', attributes: Readonly<Record<string, unknown>>): number {
  const { [name]: count, Unit: unit } = attributes;
  const perUnit = unit === 'Days' || unit === 'Hours' ? unitMs[unit] : undefined;
  const ms = (typeof count === 'string' && /^\d{1,6}$/.test(count)) || Number.isSafeInteger(count) ? Number(count) * (perUnit ?? NaN) : NaN;
  if (!(ms > 0 && ms <= durationMsMax)) throw invalidPolicyAttribute(`A policy attribute or its value is invalid. ${name} must be a whole number, and Unit either Days or Hours.`);
  return ms;
}
