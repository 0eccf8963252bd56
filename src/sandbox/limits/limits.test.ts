import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock, wallClock } from '../../base/clock.ts';
import { findHierarchies } from './openLimiter.ts';
import { openPolling } from './polling.ts';
import { openCgroupV1 } from './v1.ts';
import { openCgroupV2 } from './v2.ts';

test('findHierarchies places us in hybrid, unified and containerised hosts', () => {
  const hybrid = findHierarchies(
    '1 0 0:1 / /nowhere/memory rw - cgroup cgroup rw,memory\n2 0 0:2 / /nowhere/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n3 0 0:3 / /nowhere/pids rw - cgroup cgroup rw,pids\n4 0 0:4 / /nowhere/unified rw - cgroup2 cgroup2 rw',
    '8:pids:/\n4:memory:/gone\n1:cpu,cpuacct:/\n0::/user.slice',
  );
  // A path that is not there (another namespace's view) falls back to the top of what is mounted.
  assert.deepEqual(hybrid.v1, { memory: '/nowhere/memory', cpu: '/nowhere/cpu,cpuacct', pids: '/nowhere/pids' });
  assert.deepEqual(hybrid.v2, ['/nowhere/unified', '/nowhere/unified/user.slice']);
  const container = findHierarchies('1 0 0:1 /docker/abc /nowhere rw - cgroup2 cgroup rw', '0::/docker/abc/leaf');
  assert.deepEqual(container.v2, ['/nowhere', '/nowhere/leaf']);
});

test('openCgroupV1 writes memory, processes and processor share, and reads what happened', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-limits-'));
  try {
    const controllers = { memory: join(folder, 'memory'), cpu: join(folder, 'cpu'), pids: join(folder, 'pids') };
    const limiter = await openCgroupV1({ controllers, name: 'ours', wall: wallClock });
    const group = await limiter.create({ environmentId: 'e', memoryBytes: 134_217_728, processesMax: 1026 });
    const read = (controller: keyof typeof controllers, file: string): string => readFileSync(join(controllers[controller], 'ours', 'e', file), 'utf8');
    assert.equal(read('memory', 'memory.limit_in_bytes'), '134217728');
    assert.equal(read('pids', 'pids.max'), '1026');
    await group.setCpu(128 / 1769);
    assert.equal(read('cpu', 'cpu.cfs_quota_us'), '1447');
    await group.setCpu(0.01);
    assert.equal(read('cpu', 'cpu.cfs_quota_us'), '1000');
    await group.setCpu(undefined);
    assert.equal(read('cpu', 'cpu.cfs_quota_us'), '-1');
    assert.equal(await group.isOutOfMemory(), false);
    writeFileSync(join(controllers.memory, 'ours', 'e', 'memory.oom_control'), 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n');
    assert.equal(await group.isOutOfMemory(), true);
    assert.equal(group.joinFiles.length, 3);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('openCgroupV2 moves members of its parent to a leaf when it must, and writes the limits', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'haneul-limits-'));
  try {
    writeFileSync(join(parent, 'cgroup.subtree_control'), 'cpu memory pids io');
    mkdirSync(join(parent, 'ours'));
    const limiter = await openCgroupV2({ parent, name: 'ours', wall: wallClock });
    const group = await limiter.create({ environmentId: 'e', memoryBytes: 1000, processesMax: 7 });
    const folder = join(parent, 'ours', 'e');
    assert.equal(readFileSync(join(folder, 'memory.max'), 'utf8'), '1000');
    assert.equal(readFileSync(join(folder, 'memory.swap.max'), 'utf8'), '0');
    assert.equal(readFileSync(join(folder, 'pids.max'), 'utf8'), '7');
    await group.setCpu(1);
    assert.equal(readFileSync(join(folder, 'cpu.max'), 'utf8'), '20000 20000');
    await group.setCpu(undefined);
    assert.equal(readFileSync(join(folder, 'cpu.max'), 'utf8'), 'max 20000');
    writeFileSync(join(folder, 'memory.current'), '5\n');
    assert.equal(await group.memoryPeakBytes(), 5);
    writeFileSync(join(folder, 'memory.current'), '9\n');
    assert.equal(await group.memoryPeakBytes(), 9);
    writeFileSync(join(folder, 'memory.events'), 'low 0\noom 1\noom_kill 2\n');
    assert.equal(await group.isOutOfMemory(), true);
  } finally {
    rmSync(parent, { recursive: true });
  }
});

test('reap removes the groups of an earlier run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-limits-'));
  try {
    const controllers = { memory: join(folder, 'memory'), cpu: join(folder, 'cpu'), pids: join(folder, 'pids') };
    for (const controller of Object.values(controllers)) for (const name of ['a', 'b']) mkdirSync(join(controller, 'ours', name), { recursive: true });
    const limiter = await openCgroupV1({ controllers, name: 'ours', wall: wallClock });
    assert.equal(await limiter.reap(), 2);
    assert.deepEqual(readdirSync(join(controllers.memory, 'ours')), []);
    await limiter.close();
    assert.equal(existsSync(join(controllers.pids, 'ours')), false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('openPolling kills a tree over its memory and remembers why', async () => {
  const wall = createFakeClock();
  const group = await openPolling({ wall, remedy: 'none' }).create({ environmentId: 'e', memoryBytes: 1, processesMax: 10 });
  let kills = 0;
  const killed = new Promise<void>((resolve) => {
    group.watch({
      listProcesses: async () => [process.pid],
      kill: () => {
        kills += 1;
        resolve();
      },
    });
  });
  assert.equal(await group.isOutOfMemory(), false);
  wall.advance(50);
  await killed;
  assert.equal(kills, 1);
  assert.equal(await group.isOutOfMemory(), true);
  assert.ok((await group.memoryPeakBytes()) > 1_000_000);
  await group.remove();
});

test('openPolling kills a tree of too many processes without calling it out of memory', async () => {
  const wall = createFakeClock();
  const group = await openPolling({ wall, remedy: 'none' }).create({ environmentId: 'e', memoryBytes: 2 ** 40, processesMax: 1 });
  const killed = new Promise<void>((resolve) => group.watch({ listProcesses: async () => [process.pid, process.pid], kill: resolve }));
  wall.advance(50);
  await killed;
  assert.equal(await group.isOutOfMemory(), false);
  await group.remove();
});
