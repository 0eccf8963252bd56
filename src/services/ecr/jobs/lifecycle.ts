// Lifecycle policies are applied by the product clock, each repository's by a timer of its own.
import type { BlobStore } from '../../../blob/blobStore.ts';
import type { Clock } from '../../../base/clock.ts';
import type { ReadTransaction, Transaction } from '../../../kv/store.ts';
import type { TimerHandler, TimerId, Timers } from '../../../kv/timers.ts';
import { expiredImages, parseLifecycle } from '../domain/lifecycle.ts';
import type { LifecycleImage } from '../domain/lifecycle.ts';
import { lifecycleEveryMs, uploadIdleMs } from '../limits.ts';
import { clearImage, lifecycles, listImages, listTags, repositories, sweepLayers } from '../store.ts';
import type { Found } from '../store.ts';

interface Detail {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly id: string;
}

const timerOf = ({ scope, row }: Found): TimerId => ({ service: 'ecr', id: `lifecycle/${scope.account}/${scope.region}/${row.id}` });

export async function setLifecycleTimer(tx: Transaction, found: Found, nowMs: number, timers: Timers): Promise<void> {
  const detail: Detail = { ...found.scope, name: found.name, id: found.row.id };
  await timers.set(tx, { ...timerOf(found), dueMs: nowMs + lifecycleEveryMs, detail });
}

export const clearLifecycleTimer = (tx: Transaction, found: Found, timers: Timers): Promise<void> => timers.clear(tx, timerOf(found));

/** The images of a repository as lifecycle rules see them. */
export async function snapshotOf(tx: ReadTransaction, found: Found): Promise<LifecycleImage[]> {
  const stored = await listImages(tx, found);
  const tagged = await listTags(tx, found);
  const referenced = new Set(stored.flatMap(({ image }) => (image.isIndex ? image.references : [])));
  return stored.map(({ digest, image }) => ({
    digest,
    tags: tagged.filter(([, owner]) => owner === digest).map(([tag]) => tag),
    pushedAtMs: image.pushedAtMs,
    pulledAtMs: image.pulledAtMs,
    isReferenced: referenced.has(digest),
  }));
}

export interface LifecycleDeps {
  readonly timers: Timers;
  readonly clock: Clock;
  readonly blobs: Pick<BlobStore, 'discard'>;
}

/** Applies the policy of a repository, and comes again. */
export function createLifecycleHandler({ timers, clock, blobs }: LifecycleDeps): TimerHandler {
  return async (tx, { detail }) => {
    const { account, region, name, id } = detail as Detail;
    const scope = { account, region };
    const row = await repositories.get(tx, scope, [name]);
    if (row?.id !== id) return;
    const found: Found = { scope, name, row };
    const policy = await lifecycles.get(tx, scope, [id]);
    if (policy === undefined) return;
    const nowMs = clock.now();
    const tagged = await listTags(tx, found);
    const stored = new Map((await listImages(tx, found)).map(({ digest, image }) => [digest, image]));
    for (const { image: { digest } } of expiredImages(parseLifecycle(policy.document), await snapshotOf(tx, found), nowMs)) {
      const image = stored.get(digest);
      if (image !== undefined) clearImage(tx, found, digest, image, tagged, blobs);
    }
    await sweepLayers(tx, found, nowMs - uploadIdleMs, blobs);
    lifecycles.set(tx, scope, [id], { ...policy, evaluatedAtMs: nowMs });
    await setLifecycleTimer(tx, found, nowMs, timers);
  };
}
