import { isDigest } from '../domain/manifest.ts';
import { expiredImages, parseLifecycle } from '../domain/lifecycle.ts';
import { errors } from '../errors.ts';
import { clearLifecycleTimer, setLifecycleTimer, snapshotOf } from '../jobs/lifecycle.ts';
import { accessTo, operation, pageOf, requireRepository, scopeOf } from '../operation.ts';
import { lifecycles, previews } from '../store.ts';

export const putLifecyclePolicy = operation('PutLifecyclePolicy', {
  access: accessTo('PutLifecyclePolicy'),
  async handle({ repositoryName: name = '', registryId, lifecyclePolicyText = '' }, call, { store, timers }) {
    const scope = scopeOf(call, registryId);
    parseLifecycle(lifecyclePolicyText);
    await store.transact(async (tx) => {
      const found = await requireRepository(tx, scope, name);
      lifecycles.set(tx, scope, [found.row.id], { document: lifecyclePolicyText });
      await setLifecycleTimer(tx, found, call.nowMs, timers);
    });
    return { registryId: scope.account, repositoryName: name, lifecyclePolicyText };
  },
});

export const getLifecyclePolicy = operation('GetLifecyclePolicy', {
  access: accessTo('GetLifecyclePolicy'),
  async handle({ repositoryName: name = '', registryId }, call, { store }) {
    const scope = scopeOf(call, registryId);
    const policy = await store.read(async (tx) => lifecycles.get(tx, scope, [(await requireRepository(tx, scope, name)).row.id]));
    if (policy === undefined) throw errors.lifecycleNotFound(name, scope.account);
    return { registryId: scope.account, repositoryName: name, lifecyclePolicyText: policy.document, ...(policy.evaluatedAtMs === undefined ? {} : { lastEvaluatedAt: new Date(policy.evaluatedAtMs) }) };
  },
});

export const deleteLifecyclePolicy = operation('DeleteLifecyclePolicy', {
  access: accessTo('DeleteLifecyclePolicy'),
  async handle({ repositoryName: name = '', registryId }, call, { store, timers }) {
    const scope = scopeOf(call, registryId);
    return store.transact(async (tx) => {
      const found = await requireRepository(tx, scope, name);
      const policy = await lifecycles.get(tx, scope, [found.row.id]);
      if (policy === undefined) throw errors.lifecycleNotFound(name, scope.account);
      lifecycles.clear(tx, scope, [found.row.id]);
      await clearLifecycleTimer(tx, found, timers);
      return { registryId: scope.account, repositoryName: name, lifecyclePolicyText: policy.document, ...(policy.evaluatedAtMs === undefined ? {} : { lastEvaluatedAt: new Date(policy.evaluatedAtMs) }) };
    });
  },
});

export const startLifecyclePolicyPreview = operation('StartLifecyclePolicyPreview', {
  access: accessTo('StartLifecyclePolicyPreview'),
  async handle({ repositoryName: name = '', registryId, lifecyclePolicyText }, call, { store }) {
    const scope = scopeOf(call, registryId);
    if (lifecyclePolicyText !== undefined) parseLifecycle(lifecyclePolicyText);
    const document = await store.transact(async (tx) => {
      const found = await requireRepository(tx, scope, name);
      const text = lifecyclePolicyText ?? (await lifecycles.get(tx, scope, [found.row.id]))?.document;
      if (text === undefined) throw errors.lifecycleNotFound(name, scope.account);
      previews.set(tx, scope, [found.row.id], { document: text });
      return text;
    });
    return { registryId: scope.account, repositoryName: name, lifecyclePolicyText: document, status: 'IN_PROGRESS' as const };
  },
});

export const getLifecyclePolicyPreview = operation('GetLifecyclePolicyPreview', {
  access: accessTo('GetLifecyclePolicyPreview'),
  async handle({ repositoryName: name = '', registryId, imageIds, filter, ...page }, call, { store }) {
    const scope = scopeOf(call, registryId);
    const { document, images } = await store.read(async (tx) => {
      const found = await requireRepository(tx, scope, name);
      const preview = await previews.get(tx, scope, [found.row.id]);
      if (preview === undefined) throw errors.previewNotFound(name, scope.account);
      return { document: preview.document, images: await snapshotOf(tx, found) };
    });
    const wanted = imageIds && new Set(imageIds.map(({ imageDigest, imageTag }) => imageDigest ?? images.find(({ tags }) => tags.includes(imageTag ?? ''))?.digest ?? '').filter(isDigest));
    const results = expiredImages(parseLifecycle(document), images, call.nowMs)
      .filter(({ image }) => wanted === undefined || wanted.has(image.digest))
      .filter(({ image: { tags } }) => filter?.tagStatus === undefined || filter.tagStatus === 'ANY' || (filter.tagStatus === 'TAGGED') === tags.length > 0);
    const { items, nextToken } = pageOf([...results].sort((a, b) => (a.image.digest < b.image.digest ? -1 : 1)), ({ image }) => image.digest, page);
    return {
      registryId: scope.account,
      repositoryName: name,
      lifecyclePolicyText: document,
      status: 'COMPLETE' as const,
      ...(nextToken === undefined ? {} : { nextToken }),
      previewResults: items.map(({ image, priority }) => ({ imageTags: [...image.tags], imageDigest: image.digest, imagePushedAt: new Date(image.pushedAtMs), action: { type: 'EXPIRE' as const }, appliedRulePriority: priority })),
      summary: { expiringImageTotalCount: results.length },
    };
  },
});
