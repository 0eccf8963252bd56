// A power cut at any moment: the writer of the kill test runs under a recorder of its writes and syncs, and states that a disk may then
// hold are opened. HANEUL_POWER_CUTS=1000 looks longer. Needs a C compiler and a system that loads libraries before a program.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/base/packageRoot.ts';
import { createSeededRandom } from '../../src/base/random.ts';
import type { Random } from '../../src/base/random.ts';
import { DiskModel } from './diskModel.ts';
import type { DiskRules } from './diskModel.ts';
import { openState } from './openState.ts';
import { parseRecord } from './record.ts';
import type { DiskEvent } from './record.ts';

const cuts = Number(process.env['HANEUL_POWER_CUTS'] ?? 60);
const writerProgram = join(packageRoot, 'dist/src/kv/drivers/embedded/killWriter.js');
const openProgram = join(packageRoot, 'dist/test/durability/openState.js');
const folder = await mkdtemp(join(tmpdir(), 'haneul-power-'));
process.on('exit', () => execFileSync('rm', ['-rf', folder]));
const recorder = buildRecorder();
const skip = recorder === undefined ? { skip: 'needs Linux and a C compiler' } : {};

type OpenState = (root: string, acknowledged: readonly string[]) => Promise<void>;

interface Recording {
  readonly root: string;
  readonly events: DiskEvent[];
}

// LevelDB renames its CURRENT file and leaves it to the file system that the name is kept; LMDB asks for no such favour.
for (const [engine, rules] of [['lmdb', {}], ['level', { journalled: true }]] as const) {
  const openHere: OpenState = (root, acknowledged) => openState(root, engine, acknowledged);
  const openInChild: OpenState = async (root, acknowledged) => {
    await writeFile(`${root}.lines`, acknowledged.join('\n'));
    execFileSync(process.execPath, [openProgram, root, engine, `${root}.lines`], { stdio: 'pipe' });
  };

  async function cutPower(recording: Recording, open: OpenState, cutRules: DiskRules, count: number, random: Random): Promise<{ acknowledged: number; failures: string[] }> {
    const { events, root } = recording;
    // A third of them anywhere, a third where the first commits are made, a third while the directory comes into being.
    const reach = [events.length, 400, 60];
    const places = Array.from({ length: count }, (_, cut) => Math.floor(random.fraction() * Math.min(events.length, reach[cut % 3] ?? 0)));
    places.sort((one, other) => one - other);
    const disk = new DiskModel(cutRules);
    const failures: string[] = [];
    let said = '';
    let at = 0;
    let acknowledgedInAll = 0;
    for (const place of places) {
      for (; at < place; at += 1) {
        const event = events[at] as DiskEvent;
        disk.apply(event);
        if (event.kind === 'said') said += event.text;
      }
      const acknowledged = said.slice(0, said.lastIndexOf('\n') + 1).split('\n').filter((line) => line !== '');
      acknowledgedInAll += acknowledged.length;
      try {
        await writeState(root, disk.afterPowerCut(random));
        await open(root, acknowledged);
      } catch (error) {
        // LevelDB does not sync the first descriptor of a new database. Nothing can be lost with it.
        if (engine === 'level' && acknowledged.length === 0) continue;
        failures.push(`after event ${place} of ${events.length}: ${String(error).split('\n')[0]}`);
      }
    }
    return { acknowledged: acknowledgedInAll, failures };
  }

  test(`openEmbeddedStore finds everything acknowledged after a power cut at any moment (${engine}, ${cuts} cuts)`, skip, async (t) => {
    const recording = await record(engine);
    const seed = randomInt(2 ** 31);
    const { acknowledged, failures } = await cutPower(recording, openHere, rules, cuts, createSeededRandom(seed));
    t.diagnostic(`${engine}: ${recording.events.length} events, ${cuts} cuts, ${acknowledged} acknowledged keys looked for`);
    assert.ok(acknowledged > 0);
    assert.deepEqual(failures, [], `with seed ${seed}`);
  });

  test(`the record of ${engine} is complete, and a disk that does not sync is found out`, skip, async () => {
    const recording = await record(engine);
    const last = recording.events.findLastIndex((event) => event.kind !== 'write');
    const disk = new DiskModel({});
    for (const event of recording.events.slice(0, last + 1)) disk.apply(event);
    const before = disk.current();
    // The call that the kill interrupted is on record; it may have happened, or not, or in part.
    for (const event of recording.events.slice(last + 1)) disk.apply(event);
    const data = [...disk.current()].filter(([path]) => !path.includes('lock') && !path.includes('LOCK'));
    assert.ok(data.length > 1);
    for (const [path, content] of data) {
      const found = await readFile(path);
      const old = before.get(path) ?? Buffer.alloc(0);
      const agrees = found.length <= content.length && found.length >= old.length && found.every((byte, at) => byte === content[at] || byte === old[at]);
      assert.ok(agrees, `${path} is not what was recorded`);
    }
    const { failures } = await cutPower(recording, openInChild, { syncsNothing: true }, 12, createSeededRandom(1));
    assert.ok(failures.length > 0);
    const honest = await cutPower(recording, openInChild, rules, 3, createSeededRandom(1));
    assert.deepEqual(honest.failures, []);
  });
}

async function writeState(root: string, state: Map<string, Buffer>): Promise<void> {
  await rm(root, { recursive: true, force: true });
  for (const [path, content] of state) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

async function record(engine: string): Promise<Recording> {
  const place = await mkdtemp(join(folder, 'run-'));
  const [root, log] = [join(place, 'data'), join(place, 'record')];
  const env = { ...process.env, LD_PRELOAD: recorder, HANEUL_RECORD_ROOT: root, HANEUL_RECORD_LOG: log, UV_USE_IO_URING: '0' };
  const child = spawn(process.execPath, [writerProgram, root, '0', engine], { stdio: ['ignore', 'pipe', 'inherit'], env });
  const closed = once(child, 'close');
  let lines = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    lines += chunk.split('\n').length - 1;
    if (lines > 1_500) child.kill('SIGKILL');
  });
  await closed;
  assert.equal(child.signalCode, 'SIGKILL');
  return { root, events: parseRecord(await readFile(log)) };
}

function buildRecorder(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const library = join(folder, 'recorder.so');
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, join(packageRoot, 'test/durability/recorder.c'), '-ldl', '-lpthread'], { stdio: 'ignore' });
    return library;
  } catch {
    return undefined;
  }
}
