// The child of the kill test: writes through the whole layer with 32 writers, and tells standard output each acknowledged key.
import { writeSync } from 'node:fs';
import { wallClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/log.ts';
import { cryptoRandom } from '../../../base/random.ts';
import { encodeRecord } from '../../record.ts';
import { packKey } from '../../tuple.ts';
import { openLevelEngine } from '../level/levelEngine.ts';
import { openEmbeddedStore } from './openEmbeddedStore.ts';

const writers = 32;
const [folder = '', round = '0', engine = 'lmdb'] = process.argv.slice(2);

const store = await openEmbeddedStore({ folder, clock: wallClock, random: cryptoRandom, log: silentLogger, ...(engine === 'level' ? { openEngine: openLevelEngine } : {}) });

async function write(writer: number): Promise<void> {
  for (let index = 0; ; index += 1) {
    await store.transact(async (tx) => {
      const length = Math.floor(cryptoRandom.fraction() * 2_000);
      tx.set(packKey(['row', round, writer, index]), encodeRecord({ writer, index, filling: 'x'.repeat(length) }));
      // Both or neither: the reader compares them.
      tx.set(packKey(['last', round, writer]), encodeRecord({ index }));
      tx.add(packKey(['count', round]), 1n);
    });
    // Synchronous, so that the line is out of this process before anything else happens.
    writeSync(1, `${writer} ${index}\n`);
  }
}

for (let writer = 0; writer < writers; writer += 1) void write(writer);
