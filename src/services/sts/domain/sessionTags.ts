import { errors } from '../errors.ts';

interface SessionTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

interface SessionTags {
  readonly count: number;
  /** Keys of the request that sets them. */
  readonly requestConditions: Readonly<Record<string, string | readonly string[]>>;
  /** Keys of every later request of the session. */
  readonly sessionConditions: Readonly<Record<string, string>>;
}

/** Tags passed with a session (user guide, "Passing session tags"): they become tags of the principal. */
export function readSessionTags(tags: readonly SessionTag[] = []): SessionTags {
  const keys = tags.map(({ Key = '' }) => Key);
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length) {
    throw errors.invalidParameterValue('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  const values = (prefix: string) => Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [`${prefix}/${Key}`, Value]));
  return {
    count: keys.length,
    requestConditions: keys.length === 0 ? {} : { 'aws:TagKeys': keys, ...values('aws:RequestTag') },
    sessionConditions: values('aws:PrincipalTag'),
  };
}
