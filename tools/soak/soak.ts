// `npm run soak [-- --minutes N]`: functions that work, fail, hang, eat memory and litter, in every kind of runtime, called at once, by events
// and by a queue, while they are changed, deleted and made again. Then the server ends, and nothing of it may be left; until then its
// memory must not grow. Prints a report; the exit code says whether all is well. HANEUL_SEED repeats a run's choices.

import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSeededRandom } from '../../src/base/random.ts';
import { startServerProcess } from '../../test/support/serverProcess.ts';
import { ownBytes, watchServer } from './leftovers.ts';
import { startSoakWork } from './soakWork.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, quick: { type: 'boolean', default: false } } });
const minutes = values.quick ? 1 : Number(values.minutes);
const seed = Number(process.env['HANEUL_SEED'] ?? randomInt(2 ** 31));
const samples = 20;
// What caches, compiled code and a heap that is not collected yet may differ by.
const growthBytesMax = 48 * 2 ** 20;
const growthShareMax = 1.2;

const folder = mkdtempSync(join(tmpdir(), 'soak-'));
const server = await startServerProcess({ dataFolder: join(folder, 'data') });
const watch = watchServer(server.pid, folder);
const findings: string[] = [];
const memory: { readonly server: number; readonly functions: number; readonly processes: number }[] = [];
process.stdout.write(`soak: ${minutes} minutes, HANEUL_SEED=${seed}\n`);
try {
  const work = await startSoakWork(server.endpoint, createSeededRandom(seed));
  for (let at = 1; at <= samples; at += 1) {
    await pause((minutes * 60_000) / samples);
    const { processes, bytes } = watch.look();
    memory.push({ server: ownBytes(server.pid), functions: bytes, processes });
    const { invocations, changes } = work.counts();
    process.stdout.write(`soak: ${((at * minutes) / samples).toFixed(1)} min  ${invocations} invocations, ${changes} changes  server ${mebibytes(ownBytes(server.pid))} MiB  functions ${mebibytes(bytes)} MiB in ${processes} processes\n`);
  }
  const { outcome, problems } = await work.end();
  findings.push(...problems.map(withLog));
  process.stdout.write(`${outcome}\n`);
} catch (error) {
  findings.push(`the work ended: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}
watch.look();
const code = await server.stop();
if (code !== 0) findings.push(`the server ended with ${code}:\n${server.output().slice(-2_000)}`);
judgeMemory();
rmSync(folder, { recursive: true, force: true });
findings.push(...watch.listLeft().map((what) => `left behind: ${what}`));
process.stdout.write(findings.length === 0 ? 'soak: nothing is left behind, and memory is flat\n' : `soak: ${findings.length} findings (HANEUL_SEED=${seed})\n${findings.map((finding) => `- ${finding}\n`).join('')}`);
process.exit(findings.length === 0 ? 0 : 1);

/** What the server has noted of a request that failed in it. */
function withLog(problem: string): string {
  const id = /request id ([0-9a-f-]{36})/.exec(problem)?.[1];
  return id === undefined ? problem : [problem, ...server.output().split('\n').filter((line) => line.includes(id))].join('\n  ');
}

/** The last third against the one after the first, in which everything is compiled and filled: its quieter moments, for what functions eat is theirs. */
function judgeMemory(): void {
  const third = Math.floor(memory.length / 3);
  for (const what of ['server', 'functions'] as const) {
    const level = (part: typeof memory): number => [...part.map((sample) => sample[what])].sort((a, b) => a - b)[Math.floor(part.length / 4)] ?? 0;
    const [earlier, later] = [level(memory.slice(third, 2 * third)), level(memory.slice(2 * third))];
    process.stdout.write(`soak: memory of the ${what}: ${mebibytes(earlier)} MiB in the middle, ${mebibytes(later)} MiB at the end\n`);
    // A short run is not over with warming up.
    if (minutes >= 5 && later > earlier * growthShareMax && later - earlier > growthBytesMax) findings.push(`the memory of the ${what} has grown from ${mebibytes(earlier)} to ${mebibytes(later)} MiB`);
  }
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
