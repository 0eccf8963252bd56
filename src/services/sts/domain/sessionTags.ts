import type { Caller, CarriedOver } from '../../../ports/identity.ts';
import { errors } from '../errors.ts';
import { sessionTagsMax } from '../limits.ts';

interface SessionTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** What a request says of the session it asks for besides its policies. */
export interface SessionTagInput {
  readonly tags?: readonly SessionTag[] | undefined;
  readonly transitiveKeys?: readonly string[] | undefined;
  readonly sourceIdentity?: string | undefined;
  /** Who asks, when that is a session that hands something on. */
  readonly caller?: Caller | undefined;
}

interface SessionTags {
  readonly count: number;
  /** Keys of the request that sets them. */
  readonly requestConditions: Readonly<Record<string, string | readonly string[]>>;
  /** Keys of every later request of the session. */
  readonly sessionConditions: Readonly<Record<string, string>>;
  /** What the session hands on in its turn. */
  readonly carried: CarriedOver | undefined;
}

/**
 * Tags passed with a session (user guide, "Passing session tags"): they become tags of the principal. Transitive ones, and the
 * source identity, reach the sessions of the roles assumed from there.
 */
export function readSessionTags({ tags = [], transitiveKeys = [], sourceIdentity, caller }: SessionTagInput): SessionTags {
  const keys = tags.map(({ Key = '' }) => Key);
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length) {
    throw errors.invalidParameterValue('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  if (keys.length > sessionTagsMax) throw errors.validation(`Cannot exceed quota for session tags: ${sessionTagsMax}`);
  const inherited = caller?.kind === 'role-session' ? caller.carried : undefined;
  const inheritedKeys = new Set(Object.keys(inherited?.tags ?? {}).map((key) => key.toLowerCase()));
  if (keys.some((key) => inheritedKeys.has(key.toLowerCase()))) {
    throw errors.invalidParameterValue("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.");
  }
  const transitive = new Set(transitiveKeys.map((key) => key.toLowerCase()));
  if ([...transitive].some((key) => !keys.some((given) => given.toLowerCase() === key))) {
    throw errors.invalidParameterValue('The specified transitive tag key must be included in the requested tags.');
  }
  if (inherited?.sourceIdentity !== undefined && sourceIdentity !== undefined && sourceIdentity !== inherited.sourceIdentity) throw errors.sourceIdentityFixed();

  const values = (prefix: string, from: readonly SessionTag[]) => Object.fromEntries(from.map(({ Key = '', Value = '' }) => [`${prefix}${Key}`, Value]));
  const handedOn = { ...inherited?.tags, ...values('', tags.filter(({ Key = '' }) => transitive.has(Key.toLowerCase()))) };
  const identity = sourceIdentity ?? inherited?.sourceIdentity;
  const all = [...Object.entries(inherited?.tags ?? {}).map(([Key, Value]) => ({ Key, Value })), ...tags];
  return {
    count: keys.length,
    requestConditions: {
      ...(keys.length > 0 && { 'aws:TagKeys': keys, ...values('aws:RequestTag/', tags) }),
      ...(transitiveKeys.length > 0 && { 'sts:TransitiveTagKeys': transitiveKeys }),
      ...(sourceIdentity !== undefined && { 'sts:SourceIdentity': sourceIdentity }),
    },
    sessionConditions: { ...values('aws:PrincipalTag/', all), ...(identity !== undefined && { 'aws:SourceIdentity': identity }) },
    carried: Object.keys(handedOn).length > 0 || identity !== undefined ? { tags: handedOn, ...(identity !== undefined && { sourceIdentity: identity }) } : undefined,
  };
}
