import { hexId } from '../../../base/ids.ts';
import type { Transaction } from '../../../kv/store.ts';
import type { Scope } from '../../../kv/table.ts';
import { isSecretName, newSuffix, secretArn } from '../domain/secretId.ts';
import { current } from '../domain/stages.ts';
import { mergeTags, readTags } from '../domain/tags.ts';
import { requireToken } from '../domain/versionId.ts';
import { invalidName, scheduledForDeletion, secretExists, tokenInUse, tokenMissing, unsupported } from '../errors.ts';
import { serviceKeys } from '../lookup.ts';
import type { FoundSecret } from '../lookup.ts';
import { operation, scopeOf } from '../operation.ts';
import type { SecretsDeps } from '../operation.ts';
import { beginReplicas, formatReplicas } from '../replication.ts';
import { secrets, setSecret, values } from '../store.ts';
import type { SecretRow } from '../store.ts';
import { contentOf, keyUserOf, openContent, requireKey, sameContent, sealContent } from '../values.ts';
import type { SecretContent } from '../values.ts';
import { addVersion } from '../versions.ts';
import type { Call } from '../../../framework/context.ts';

export const createSecret = operation('CreateSecret', {
  access(input, call) {
    const { Name: name = '', Description, KmsKeyId, Tags = [], AddReplicaRegions = [] } = input;
    // The suffix is not drawn yet: policies name new secrets as `secret:NAME-??????` or `secret:NAME*`.
    const resource = secretArn(scopeOf(call), name, 'AAAAAA');
    const regions = AddReplicaRegions.flatMap(({ Region }) => Region ?? []);
    const conditions = {
      ...serviceKeys({ Name: name, Description, KmsKeyId, ForceOverwriteReplicaSecret: input.ForceOverwriteReplicaSecret }),
      ...(regions.length === 0 ? {} : { 'secretsmanager:AddReplicaRegions': regions }),
    };
    const create = { action: 'secretsmanager:CreateSecret', resource, conditions };
    // Permissions reference: tags need TagResource as well, replicas ReplicateSecretToRegions.
    return [
      create,
      ...(Tags.length === 0 ? [] : [{ ...create, action: 'secretsmanager:TagResource' }]),
      ...(AddReplicaRegions.length === 0 ? [] : [{ ...create, action: 'secretsmanager:ReplicateSecretToRegions' }]),
    ];
  },
  async handle(input, call, deps) {
    const { Name: name = '', ClientRequestToken: token, Description: description, KmsKeyId: kmsKeyId, Tags } = input;
    if (input.Type !== undefined) throw unsupported('Type (managed external secrets)');
    if ('CrossAccountPrimaryARN' in input && input.CrossAccountPrimaryARN !== undefined) throw unsupported('CrossAccountPrimaryARN');
    if (!isSecretName(name)) throw invalidName();
    const content = contentOf(input);
    if (token === undefined && content !== undefined) throw tokenMissing();
    if (token !== undefined) requireToken(token);
    const scope = scopeOf(call);
    const existing = await deps.store.read((tx) => secrets.get(tx, scope, [name]));
    if (existing !== undefined) return repeat(existing, { name, token, content }, call, deps);

    const suffix = newSuffix(deps.random);
    const arn = secretArn(scope, name, suffix);
    if (kmsKeyId !== undefined && content === undefined) await requireKey(kmsKeyId, keyUserOf(call, scope), deps);
    const value = content && token !== undefined ? await sealContent(content, { arn, versionId: token }, kmsKeyId, keyUserOf(call, scope), deps) : undefined;
    const secret: SecretRow = {
      id: hexId(deps.random, 20),
      suffix,
      createdAtMs: call.nowMs,
      changedAtMs: call.nowMs,
      ...(description === undefined || description === '' ? {} : { description }),
      ...(kmsKeyId === undefined || kmsKeyId === '' ? {} : { kmsKeyId }),
      ...(Tags === undefined ? {} : { tags: mergeTags({}, readTags(Tags)) }),
      stages: {},
    };
    const created = await deps.store.transact(async (tx) => {
      const taken = await secrets.get(tx, scope, [name]);
      if (taken !== undefined) throw taken.deletesAtMs === undefined ? secretExists(name) : scheduledForDeletion();
      let found: FoundSecret = { scope, name, arn, secret };
      setSecret(tx, scope, name, secret);
      if (value !== undefined && token !== undefined) {
        found = { ...found, secret: await addVersion(tx, found, { versionId: token, value, kmsKeyId: secret.kmsKeyId, labels: [current], nowMs: call.nowMs }) };
      }
      return replicate(tx, found, input, deps);
    });
    return {
      ARN: arn,
      Name: name,
      ...(value === undefined ? {} : { VersionId: token }),
      ...(created.replicas === undefined ? {} : { ReplicationStatus: formatReplicas(created) }),
    };
  },
});

async function replicate(tx: Transaction, found: FoundSecret, input: Parameters<typeof beginReplicas>[2], deps: SecretsDeps): Promise<SecretRow> {
  if (input.AddReplicaRegions === undefined) return found.secret;
  return beginReplicas(tx, found, input, deps);
}

interface Repetition {
  readonly name: string;
  readonly token: string | undefined;
  readonly content: SecretContent | undefined;
}

// A request that comes again with its token and its value is answered as the first was (API reference, ClientRequestToken).
async function repeat(secret: SecretRow, { name, token, content }: Repetition, call: Call, deps: SecretsDeps) {
  if (secret.deletesAtMs !== undefined) throw scheduledForDeletion();
  const scope: Scope = scopeOf(call);
  const arn = secretArn(scope, name, secret.suffix);
  const value = token === undefined ? undefined : await deps.store.read((tx) => values.get(tx, scope, [secret.id, token]));
  if (value === undefined || token === undefined || content === undefined) throw secretExists(name);
  const stored = await openContent(value, { arn, versionId: token }, keyUserOf(call, scope), deps);
  if (!sameContent(stored, content)) throw tokenInUse(token, arn);
  return { ARN: arn, Name: name, VersionId: token };
}
