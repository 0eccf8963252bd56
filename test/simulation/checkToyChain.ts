// The small model that a run of the toy chain is held against.
import assert from 'node:assert/strict';
import { fragileAttempts, isFragile, isPoison } from './toyChain.ts';
import type { Message, ToyRecords } from './toyChain.ts';

export interface ToyOutcome {
  readonly records: ToyRecords;
  /** The numbers whose requests were acknowledged. */
  readonly acknowledged: ReadonlySet<number>;
  /** What C has seen, attempts that it failed included. */
  readonly seenByC: readonly Message[];
  /** What C has done. */
  readonly doneByC: readonly Message[];
}

/** Nothing acknowledged is lost, B has each once and in order, C has each at least once and in order, and dead is what has to be. */
export function checkToyChain({ records, acknowledged, seenByC, doneByC }: ToyOutcome): void {
  const { a, b, reminders, dead, envelopes } = records;
  assert.equal(envelopes, 0, 'something is still on its way');
  const numbersOfA = new Set(a.map(({ number }) => number));
  const lost = [...acknowledged].filter((number) => !numbersOfA.has(number));
  assert.deepEqual(lost, [], 'acknowledged and lost');
  const keys = new Set(a.map(({ key }) => key));
  for (const key of keys) assert.deepEqual(ofKey(b, key), ofKey(a, key), `B has not what A committed for ${key}, once and in its order`);
  assert.equal(b.length, a.length);
  assert.deepEqual([...reminders].sort(byNumber), b.map(({ number }) => number).sort(byNumber), 'a timer was lost, or fired twice');
  const doomed = (message: Message): boolean => isPoison(message) || isFragile(message);
  for (const key of keys) {
    const wanted = ofKey(b.filter((message) => !doomed(message)), key);
    // Repeated at once, perhaps; never after the next one.
    const done = ofKey(doneByC, key).filter((number, at, all) => number !== all[at - 1]);
    assert.deepEqual(done, wanted, `C has not what B told it for ${key}, or not in its order`);
  }
  const deadNumbers = dead.map(({ message }) => message.number);
  assert.deepEqual(deadNumbers.sort(byNumber), b.filter(doomed).map(({ number }) => number).sort(byNumber), 'dead is not what has to be');
  const seen = new Map<number, number>();
  for (const { number } of seenByC) seen.set(number, (seen.get(number) ?? 0) + 1);
  for (const { message, reason, attempts } of dead) {
    const attemptsSeen = seen.get(message.number) ?? 0;
    assert.equal(reason, isPoison(message) ? 'poison' : 'fragile');
    assert.equal(attempts, isPoison(message) ? 1 : fragileAttempts);
    assert.ok(attemptsSeen >= attempts);
  }
}

const byNumber = (one: number, other: number): number => one - other;
const ofKey = (messages: readonly Message[], key: string): number[] => messages.filter((message) => message.key === key).map(({ number }) => number);
