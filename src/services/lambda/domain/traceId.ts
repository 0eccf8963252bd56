import { hexId } from '../../../base/ids.ts';
import type { Random } from '../../../base/random.ts';

/** A trace header of our own. https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html; nothing is sampled, as nothing collects it. */
export const newTraceId = (nowMs: number, random: Random): string =>
  `Root=1-${Math.floor(nowMs / 1_000).toString(16).padStart(8, '0')}-${hexId(random, 24)};Parent=${hexId(random, 16)};Sampled=0`;
