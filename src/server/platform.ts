import type { SnapshotContent } from '../blob/snapshot/loadSnapshot.ts';
import { ServiceError } from '../base/errors.ts';
import { type ApiState, createApiState } from './apiState.ts';
import { compose } from './compose.ts';
import type { Foundation } from './composition.ts';
import { sealKeyName } from './secrets.ts';

/** The services as they are now, and the change from one composition to the next. */
export interface Platform {
  /** What control endpoints look at; they are served even while a reset is going on. */
  current(): ApiState;
  /** Runs one API request over the services; waits while a reset is going on. */
  use<T>(work: (state: ApiState) => Promise<T>): Promise<T>;
  /** Closes every service, forgets everything stored, and starts anew. Resets that arrive meanwhile follow one another. */
  reset(): Promise<void>;
  /** Closes every service, replaces everything stored by a verified snapshot in the snapshot folder, and starts anew. */
  load(path: string): Promise<SnapshotContent>;
  /** That of the state of now. */
  sealKey(): Uint8Array;
  /** False when replacing the state has failed: until another reset or load succeeds, nothing is served. */
  isUsable(): boolean;
  close(): Promise<void>;
}

/** Composes the services over what is stored. */
export async function openPlatform(foundation: Foundation): Promise<Platform> {
  const { storage, log } = foundation;
  let { sealKey } = foundation;
  const begin = async (): Promise<ApiState> => createApiState(await compose({ ...foundation, sealKey }), foundation);
  let current = await begin();
  let open = true;
  let failed = false;
  let ready: Promise<ApiState> = Promise.resolve(current);
  let inFlight = 0;
  let idle: () => void = () => undefined;

  async function restart(previous: Promise<ApiState>, replace: () => Promise<void>): Promise<ApiState> {
    await previous.catch(() => undefined);
    try {
      // Closing ends every environment, so the invocations that wait for one end as well.
      if (open) await current.composition.close();
      open = false;
      if (inFlight > 0) await new Promise<void>((resolve) => (idle = resolve));
      await replace();
      current = await begin();
      open = true;
      failed = false;
      return current;
    } catch (error) {
      failed = true;
      log.error('the state could not be replaced; nothing is served until a reset or a snapshot mends it', { error: String(error) });
      throw error;
    }
  }

  function replaceBy(replace: () => Promise<void>): Promise<ApiState> {
    ready = restart(ready, replace);
    // Everybody who waits for it is told; nobody need be waiting.
    ready.catch(() => undefined);
    return ready;
  }

  return {
    current: () => current,
    async use(work) {
      const state = await ready.catch(() => {
        throw unusable();
      });
      inFlight += 1;
      try {
        return await work(state);
      } finally {
        inFlight -= 1;
        if (inFlight === 0) idle();
      }
    },
    async reset() {
      await replaceBy(() => storage.wipe());
    },
    async load(path) {
      let content: SnapshotContent | undefined;
      await replaceBy(async () => {
        content = await storage.restore(path);
        sealKey = content.secrets[sealKeyName] ?? sealKey;
      });
      if (!content) throw unusable();
      return content;
    },
    sealKey: () => sealKey,
    isUsable: () => !failed,
    async close() {
      await ready.catch(() => undefined);
      if (open) await current.composition.close();
    },
  };
}

function unusable(): ServiceError {
  return new ServiceError('ServiceUnavailable', 'The state of this server could not be replaced; its log says why. A reset or a snapshot mends it.', { status: 503 });
}
