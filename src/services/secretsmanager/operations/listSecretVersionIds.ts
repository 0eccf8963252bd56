import { stagesOf } from '../domain/stages.ts';
import { formatToken, parseToken } from '../domain/tokens.ts';
import { pageItemsMax } from '../limits.ts';
import { requireSecret, secretAccess } from '../lookup.ts';
import { operation } from '../operation.ts';
import { listVersions } from '../store.ts';

export const listSecretVersionIds = operation('ListSecretVersionIds', {
  access: ({ SecretId = '' }, call, deps) => secretAccess('ListSecretVersionIds', SecretId, call, deps),
  async handle({ SecretId = '', MaxResults: limit = pageItemsMax, NextToken, IncludeDeprecated = false }, call, { store }) {
    const { found, all } = await store.read(async (tx) => {
      const secret = await requireSecret(tx, call, SecretId);
      return { found: secret, all: await listVersions(tx, secret.scope, secret.secret.id) };
    });
    const { stages } = found.secret;
    const listed = all.filter(({ versionId }) => IncludeDeprecated || stagesOf(stages, versionId).length > 0);
    const token = NextToken === undefined ? undefined : parseToken('versions', NextToken, ['number', 'string']);
    const start = token === undefined ? 0 : Math.max(0, listed.findIndex(({ versionId, version }) => version.createdAtMs > Number(token[0]) || (version.createdAtMs === Number(token[0]) && versionId > String(token[1]))));
    const page = listed.slice(start, start + limit);
    const last = page.at(-1);
    return {
      ARN: found.arn,
      Name: found.name,
      Versions: page.map(({ versionId, version }) => {
        const labels = stagesOf(stages, versionId);
        return {
          VersionId: versionId,
          ...(labels.length === 0 ? {} : { VersionStages: labels }),
          ...(version.accessedAtMs === undefined ? {} : { LastAccessedDate: new Date(version.accessedAtMs) }),
          CreatedDate: new Date(version.createdAtMs),
          KmsKeyIds: [version.kmsKeyId ?? 'DefaultEncryptionKey'],
        };
      }),
      ...(last !== undefined && start + limit < listed.length ? { NextToken: formatToken('versions', [last.version.createdAtMs, last.versionId]) } : {}),
    };
  },
});
