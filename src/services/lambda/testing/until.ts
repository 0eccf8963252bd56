import assert from 'node:assert/strict';

/** For tests: lets what is ready run, so many turns of the event loop. */
export async function turns(count = 60): Promise<void> {
  for (let index = 0; index < count; index += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits for a condition, turn by turn: packages come from real files, so how long something takes is not known. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 2_000; round += 1) {
    if (await what()) return;
    await turns(5);
  }
  assert.fail('it did not happen');
}
