// Names of secrets in the place of parameters (user guide, "Referencing AWS Secrets Manager secrets from Parameter Store parameters").
import type { Call } from '../../framework/context.ts';
import { ServiceError } from '../../base/errors.ts';
import { parameterNotFound, validation } from './errors.ts';
import type { SsmDeps } from './operation.ts';

const prefix = '/aws/reference/secretsmanager/';

export function isSecretReference(text: string): boolean {
  return text.startsWith(prefix);
}

/** The secret as a parameter. After a colon comes a version id or a staging label. */
export async function readSecretParameter(text: string, withDecryption: boolean, call: Call, { secrets }: Pick<SsmDeps, 'secrets'>) {
  if (!withDecryption) throw validation('WithDecryption flag must be True for retrieving a Secret Manager secret.');
  const [secretId = '', selector] = text.slice(prefix.length).split(':');
  const reader = { account: call.account, region: call.region, nowMs: call.nowMs, caller: call.caller, authorise: call.authorise };
  const chosen = selector === undefined ? {} : isVersionId(selector) ? { versionId: selector } : { stage: selector };
  const secret = await secrets.read({ secretId, ...chosen, reader }).catch((error: unknown) => {
    if (error instanceof ServiceError && error.code === 'ResourceNotFoundException') throw parameterNotFound();
    throw error;
  });
  if (secret.text === undefined) throw validation('Binary secrets cannot be referenced as parameters.');
  return {
    Name: `${prefix}${secret.name}`,
    Type: 'SecureString' as const,
    Value: secret.text,
    Version: 0,
    ...(selector === undefined ? {} : { Selector: `:${selector}` }),
    SourceResult: JSON.stringify({
      aRN: secret.arn,
      name: secret.name,
      versionId: secret.versionId,
      secretString: secret.text,
      versionStages: secret.stages,
      createdDate: new Date(secret.createdAtMs).toISOString(),
    }),
    LastModifiedDate: new Date(secret.createdAtMs),
    ARN: secret.arn,
    DataType: 'text',
  };
}

const isVersionId = (text: string): boolean => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
