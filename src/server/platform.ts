import { type ApiState, createApiState } from './apiState.ts';
import { compose, type Foundation } from './compose.ts';

/** The services as they are now, and the change from one composition to the next. */
export interface Platform {
  /** What control endpoints look at; they are served even while a reset is going on. */
  current(): ApiState;
  /** Runs one API request over the services; waits while a reset is going on. */
  use<T>(work: (state: ApiState) => Promise<T>): Promise<T>;
  /** Closes every service, forgets everything stored, and starts anew. Resets that arrive meanwhile follow one another. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Composes the services over what is stored. */
export async function openPlatform(foundation: Foundation): Promise<Platform> {
  const begin = async (): Promise<ApiState> => createApiState(await compose(foundation), foundation);
  let current = await begin();
  let ready: Promise<ApiState> = Promise.resolve(current);
  let inFlight = 0;
  let idle: () => void = () => undefined;

  async function restart(previous: Promise<ApiState>): Promise<ApiState> {
    const old = await previous;
    // Closing ends every environment, so the invocations that wait for one end as well.
    await old.composition.close();
    if (inFlight > 0) await new Promise<void>((resolve) => (idle = resolve));
    await foundation.storage.wipe();
    current = await begin();
    return current;
  }

  return {
    current: () => current,
    async use(work) {
      const state = await ready;
      inFlight += 1;
      try {
        return await work(state);
      } finally {
        inFlight -= 1;
        if (inFlight === 0) idle();
      }
    },
    async reset() {
      ready = restart(ready);
      await ready;
    },
    close: async () => (await ready).composition.close(),
  };
}
