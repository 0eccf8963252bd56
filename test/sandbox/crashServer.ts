// A server that crash.test.ts kills: starts one function of each kind in the folder that it is given and says when they run.
import { wallClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { cryptoRandom } from '../../src/base/random.ts';
import { openSandbox } from '../../src/sandbox/openSandbox.ts';
import type { RuntimeKind } from '../../src/sandbox/types.ts';
import { custom, python } from './harness.ts';

const [folder = '', codeFolder = '', isolation = 'strongest'] = process.argv.slice(2);
const sandbox = await openSandbox({
  folder, wall: wallClock, random: cryptoRandom, log: silentLogger, environment: process.env, isolation: isolation === 'none' ? 'none' : 'strongest',
});
const start = (environmentId: string, runtime: RuntimeKind) =>
  sandbox.start({
    environmentId, runtime, handler: 'app.handler', codeFolder, variables: {}, memoryMegabytes: 512, ephemeralStorageMegabytes: 512, initTimeoutMs: 10_000,
    onOutput: ({ text }) => void process.stdout.write(text),
  });
const environments = await Promise.all([start('python', python), start('custom', custom)]);
await Promise.all(environments.map(({ init }) => init));
// Long enough for both to be frozen, where they can be: a frozen process does not die of a kill alone.
await new Promise((resolve) => setTimeout(resolve, 100));
process.stdout.write('ready\n');
// Only a kill ends this process.
setInterval(() => undefined, 1000);
