import type { ImageTagMutabilityExclusionFilter, Repository } from '@aws-sdk/client-ecr';
import { hexId } from '../../../base/ids.ts';
import type { Call } from '../../../framework/context.ts';
import { repositories, clearRepository, images, uploads } from '../store.ts';
import type { Found, Mutability, RepositoryRow } from '../store.ts';
import { isRepositoryName, registryHost, repositoryArn } from '../domain/names.ts';
import { mergeTags } from '../domain/tags.ts';
import { errors } from '../errors.ts';
import { accessTo, operation, repositoryAccess, requireRepository, scopeOf } from '../operation.ts';
import { clearLifecycleTimer } from '../jobs/lifecycle.ts';

export const createRepository = operation('CreateRepository', {
  access: async (input, call, deps) => {
    const create = { ...(await repositoryAccess('CreateRepository', scopeOf(call), input.repositoryName ?? '', deps)) };
    return (input.tags ?? []).length === 0 ? create : [create, { ...create, action: 'ecr:TagResource' }];
  },
  async handle(input, call, { store, random }) {
    const { repositoryName: name = '', registryId, tags = [], imageTagMutability, imageTagMutabilityExclusionFilters, imageScanningConfiguration, encryptionConfiguration } = input;
    const scope = scopeOf(call);
    if (registryId !== undefined && registryId !== call.account) throw errors.invalidParameter(`'registryId' failed to satisfy constraint: 'The registry ID must be that of the caller'`);
    if (!isRepositoryName(name)) {
      throw errors.invalidParameter("'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*''");
    }
    if (imageScanningConfiguration?.scanOnPush === true) throw errors.unsupported('image scanning (imageScanningConfiguration.scanOnPush)');
    if (encryptionConfiguration !== undefined && encryptionConfiguration.encryptionType !== 'AES256') throw errors.unsupported('encryption with keys of KMS (encryptionConfiguration)');
    const row: RepositoryRow = { id: hexId(random, 20), createdAtMs: call.nowMs, ...mutabilityOf(imageTagMutability, imageTagMutabilityExclusionFilters), tags: mergeTags([], tags) };
    await store.transact(async (tx) => {
      if ((await repositories.get(tx, scope, [name])) !== undefined) throw errors.repositoryExists(name, scope.account);
      repositories.set(tx, scope, [name], row);
    });
    return { repository: describe({ scope, name, row }, call) };
  },
});

export const describeRepositories = operation('DescribeRepositories', {
  async access({ repositoryNames, registryId }, call, deps) {
    const scope = scopeOf(call, registryId);
    if (repositoryNames === undefined || repositoryNames.length === 0) return { action: 'ecr:DescribeRepositories', resource: repositoryArn(scope, '*') };
    return Promise.all(repositoryNames.map((name) => repositoryAccess('DescribeRepositories', scope, name, deps)));
  },
  async handle({ repositoryNames = [], registryId, maxResults, nextToken }, call, { store }) {
    const scope = scopeOf(call, registryId);
    if (repositoryNames.length > 0) {
      if (maxResults !== undefined || nextToken !== undefined) throw errors.invalidParameter("'repositoryNames' failed to satisfy constraint: 'maxResults and nextToken cannot be used with repositoryNames'");
      const found = await store.read((tx) => Promise.all(repositoryNames.map((name) => requireRepository(tx, scope, name))));
      return { repositories: found.map((repository) => describe(repository, call)) };
    }
    const limit = maxResults ?? 100;
    const after = nextToken === undefined ? undefined : Buffer.from(nextToken, 'base64url').toString('utf8');
    const rows = await store.read((tx) => repositories.list(tx, scope, [], { limit: limit + 1, ...(after === undefined ? {} : { after: [after] }) }));
    const page = rows.slice(0, limit).map(({ parts: [name], row }) => ({ scope, name: String(name), row }));
    const last = page.at(-1);
    return {
      repositories: page.map((repository) => describe(repository, call)),
      ...(rows.length > limit && last !== undefined ? { nextToken: Buffer.from(last.name).toString('base64url') } : {}),
    };
  },
});

export const deleteRepository = operation('DeleteRepository', {
  access: accessTo('DeleteRepository'),
  async handle({ repositoryName: name = '', registryId, force = false }, call, { store, blobs, timers }) {
    const scope = scopeOf(call, registryId);
    return store.transact(async (tx) => {
      const found = await requireRepository(tx, scope, name);
      const isEmpty = (await images.list(tx, scope, [found.row.id], { limit: 1 })).length === 0;
      if (!isEmpty && !force) throw errors.repositoryNotEmpty(name, scope.account);
      tx.guard(uploads.key(scope, [found.row.id]));
      await clearLifecycleTimer(tx, found, timers);
      await clearRepository(tx, found, blobs);
      return { repository: describe(found, call) };
    });
  },
});

export const putImageTagMutability = operation('PutImageTagMutability', {
  access: accessTo('PutImageTagMutability'),
  async handle({ repositoryName: name = '', registryId, imageTagMutability, imageTagMutabilityExclusionFilters }, call, { store }) {
    const scope = scopeOf(call, registryId);
    const change = mutabilityOf(imageTagMutability, imageTagMutabilityExclusionFilters);
    await store.transact(async (tx) => {
      const { row: { exclusions: _old, ...row } } = await requireRepository(tx, scope, name);
      repositories.set(tx, scope, [name], { ...row, ...change });
    });
    return { registryId: scope.account, repositoryName: name, ...formatMutability(change) };
  },
});

export function describe({ scope, name, row }: Found, call: Pick<Call, 'endpoint'>): Repository {
  return {
    repositoryArn: repositoryArn(scope, name),
    registryId: scope.account,
    repositoryName: name,
    repositoryUri: `${registryHost(scope, call.endpoint)}/${name}`,
    createdAt: new Date(row.createdAtMs),
    ...formatMutability(row),
    imageScanningConfiguration: { scanOnPush: false },
    encryptionConfiguration: { encryptionType: 'AES256' },
  };
}

const formatMutability = ({ mutability, exclusions }: Pick<RepositoryRow, 'mutability' | 'exclusions'>): Pick<Repository, 'imageTagMutability' | 'imageTagMutabilityExclusionFilters'> => ({
  imageTagMutability: mutability,
  ...(exclusions === undefined ? {} : { imageTagMutabilityExclusionFilters: exclusions.map((filter) => ({ filterType: 'WILDCARD' as const, filter })) }),
});

function mutabilityOf(mutability: Mutability = 'MUTABLE', filters: readonly ImageTagMutabilityExclusionFilter[] | undefined): Pick<RepositoryRow, 'mutability' | 'exclusions'> {
  const needsFilters = mutability.endsWith('_WITH_EXCLUSION');
  if (needsFilters !== (filters !== undefined && filters.length > 0)) {
    throw errors.invalidParameter("'imageTagMutabilityExclusionFilters' failed to satisfy constraint: 'Filters go with IMMUTABLE_WITH_EXCLUSION and MUTABLE_WITH_EXCLUSION, and only with them'");
  }
  if (!needsFilters) return { mutability };
  return { mutability, exclusions: (filters ?? []).map(({ filter = '' }) => filter) };
}
