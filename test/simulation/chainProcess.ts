// The child of the kill test: the toy chain on LMDB, with requests as fast as they are acknowledged. Tells standard output each
// acknowledged one; C is a file, which outlives it.
import { writeSync } from 'node:fs';
import { wallClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { cryptoRandom } from '../../src/base/random.ts';
import { openEmbeddedStore } from '../../src/kv/drivers/embedded/openEmbeddedStore.ts';
import { createFileTarget } from './fileTarget.ts';
import { openToyChain } from './toyChain.ts';

const requesters = 8;
const [folder = '', worldFile = '', first = '1'] = process.argv.slice(2);

const random = cryptoRandom;
const store = await openEmbeddedStore({ folder, clock: wallClock, random, log: silentLogger });
const c = createFileTarget(worldFile, random, true);
const chain = openToyChain({ store, clock: wallClock, wall: wallClock, random, c });
chain.start();
let next = Number(first);

async function request(): Promise<void> {
  for (;;) {
    const message = { number: next, key: `key ${next % 5}` };
    next += 1;
    await chain.request(message);
    // Synchronous, so that the line is out of this process before anything else happens.
    writeSync(1, `${message.number}\n`);
  }
}

for (let requester = 0; requester < requesters; requester += 1) void request();
