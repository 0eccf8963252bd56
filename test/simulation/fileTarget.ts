import { appendFileSync, readFileSync } from 'node:fs';
import type { Random } from '../../src/base/random.ts';
import type { DeliveryResult, DeliveryTarget } from '../../src/ports/outbox.ts';
import { isFragile, isPoison, readMessage } from './toyChain.ts';
import type { Message } from './toyChain.ts';

/** C as a file of lines, which tell what it has seen and what it has done. */
export function createFileTarget(path: string, random: Random, faulty: boolean): DeliveryTarget {
  const note = (what: string, message: Message): void => appendFileSync(path, `${what} ${JSON.stringify(message)}\n`);
  return {
    async deliver({ payload }): Promise<DeliveryResult> {
      const message = readMessage(payload);
      note('seen', message);
      if (isPoison(message)) return { kind: 'rejected', reason: 'poison' };
      if (isFragile(message)) return { kind: 'retry', reason: 'fragile', afterMs: 1 };
      const chance = faulty ? random.fraction() : 1;
      if (chance < 0.02) return { kind: 'retry', reason: 'busy', afterMs: 5 };
      note('done', message);
      if (chance < 0.04) return { kind: 'retry', reason: 'connection lost', afterMs: 5 };
      return { kind: 'delivered' };
    },
  };
}

/** What such a file says. */
export function readFileTarget(path: string): { readonly seen: Message[]; readonly done: Message[] } {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const read = (what: string): Message[] => lines.filter((line) => line.startsWith(`${what} `)).map((line) => JSON.parse(line.slice(what.length + 1)) as Message);
  return { seen: read('seen'), done: read('done') };
}
