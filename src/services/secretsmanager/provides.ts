import type { SecretReader } from '../../ports/secretReader.ts';
import { secretAccess } from './lookup.ts';
import type { SecretsDeps } from './operation.ts';
import { readSecretValue } from './operations/getSecretValue.ts';

/** Secrets for other services, read in the name of their callers and with their permissions. */
export function createSecretReader(deps: SecretsDeps): SecretReader {
  return {
    async read({ secretId, versionId, stage, reader }) {
      const choice = { versionId, stage };
      const conditions = { VersionId: versionId, VersionStage: stage };
      await reader.authorise(await secretAccess('GetSecretValue', secretId, reader, deps, conditions));
      const secret = await readSecretValue(secretId, choice, reader, deps);
      return {
        arn: secret.ARN,
        name: secret.Name,
        versionId: secret.VersionId,
        text: 'SecretString' in secret ? secret.SecretString : undefined,
        stages: secret.VersionStages ?? [],
        createdAtMs: secret.CreatedDate.getTime(),
      };
    },
  };
}
