import type { Random } from '../../../base/random.ts';
import type { Sequence } from '../domain/sequence.ts';
import type { QueueReads } from '../queues.ts';
import type { Sealing } from './sealing.ts';

/** What messages need to get into queues and between them. */
export interface MessageDeps {
  readonly queues: QueueReads;
  readonly sequence: Sequence;
  readonly random: Random;
  readonly sealing: Sealing;
}
