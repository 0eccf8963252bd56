import type { Clock } from '../../../base/clock.ts';
import type { Random } from '../../../base/random.ts';
import { sampledPart } from '../limits.ts';

/** X-Ray's default rule for one function: the first request of each second, and a part of the others. */
export function createSampler({ wall, random }: { readonly wall: Clock; readonly random: Random }): (functionArn: string) => boolean {
  let second = -1;
  let sampled = new Set<string>();
  return (functionArn) => {
    const now = Math.floor(wall.now() / 1_000);
    if (now !== second) {
      second = now;
      sampled = new Set();
    }
    if (sampled.has(functionArn)) return random.fraction() < sampledPart;
    sampled.add(functionArn);
    return true;
  };
}
