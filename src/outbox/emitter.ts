import type { Clock } from '../base/clock.ts';
import { InvariantError } from '../base/errors.ts';
import { uuid } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Emitter } from '../ports/outbox.ts';
import { maximumAgeMsDefault, maximumAttemptsDefault, payloadBytesMax } from './limits.ts';
import { writeEnvelope } from './rows.ts';

/** What services tell others with. `clock` is product time. */
export function createEmitter({ clock, random }: { readonly clock: Clock; readonly random: Random }): Emitter {
  return {
    emit(tx, draft) {
      const { payload, maximumAgeMs = maximumAgeMsDefault, maximumAttempts = maximumAttemptsDefault } = draft;
      if (payload.length > payloadBytesMax) throw new InvariantError('an event is longer than payloadBytesMax', { bytes: payload.length, payloadBytesMax });
      if (!(maximumAttempts >= 1) || !(maximumAgeMs > 0)) throw new InvariantError('an event needs at least one attempt', { maximumAttempts, maximumAgeMs });
      const id = uuid(random);
      const { sourceArn, orderingKey } = draft;
      writeEnvelope(tx, { ...draft, id, sourceArn, orderingKey, maximumAgeMs, maximumAttempts, createdAtMs: clock.now(), attempts: 0 });
      return id;
    },
  };
}
