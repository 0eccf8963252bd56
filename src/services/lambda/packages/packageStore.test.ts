import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '../../../base/log.ts';
import { createWorkPool } from '../../../workers/pool.ts';
import type { WorkPool } from '../../../workers/pool.ts';
import { findFunction } from '../store.ts';
import { helloFunction, withLambda, zipOf } from '../testing/testLambda.ts';
import type { TestLambda } from '../testing/testLambda.ts';
import { createPackageStore } from './packageStore.ts';
import type { PackageStore } from './packageStore.ts';

async function withPackages(run: (packages: PackageStore, bench: TestLambda) => Promise<void>): Promise<void> {
  await withLambda(async (bench) => {
    const work = createWorkPool({ threads: 1 });
    try {
      await run(createPackageStore({ ...bench, work, log: silentLogger }), bench);
    } finally {
      await work.close();
    }
  });
}

const signal = new AbortController().signal;
const sha256Of = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('hex');

test('add leaves neither folder nor archive when the rows are not committed', async () => {
  await withPackages(async (packages, { blobs, codeFolder }) => {
    const failing = packages.add(zipOf(), signal, async () => {
      assert.equal(blobs.bodies.size, 1);
      throw new Error('conflict');
    });
    await assert.rejects(failing, /conflict/);
    await packages.settle();
    assert.deepEqual([blobs.bodies.size, await readdir(codeFolder)], [0, []]);
  });
});

test('add makes folders that the user of a sandbox can read', async () => {
  await withPackages(async (packages, { codeFolder }) => {
    await packages.add(zipOf(), signal, async (code) => {
      assert.equal((await stat(join(codeFolder, code.sha256))).mode & 0o777, 0o755);
    });
  });
});

test('add and forget leave all work on the files of a package to the work pool, and send it no archive', async () => {
  await withLambda(async (bench) => {
    const work = createWorkPool({ threads: 1 });
    const tasks: { module: string; input: object }[] = [];
    const watched: WorkPool = {
      ...work,
      runTask(module, input, options) {
        tasks.push({ module: basename(module.pathname), input: input as object });
        return work.runTask(module, input, options);
      },
    };
    try {
      const packages = createPackageStore({ ...bench, work: watched, log: silentLogger });
      await packages.add(zipOf(), signal, async ({ sha256 }) => packages.forget(sha256));
      await packages.settle();
    } finally {
      await work.close();
    }
    assert.deepEqual(tasks.map(({ module }) => module), ['unpackTask.js', 'removeTask.js']);
    assert.ok(tasks.every(({ input }) => Object.values(input).every((value) => !(value instanceof Uint8Array))));
  });
});

test('open unpacks a missing package again, once for many that ask', async () => {
  await withPackages(async (packages, { call, store, codeFolder }) => {
    const created = await call('CreateFunction', helloFunction);
    const sha256 = sha256Of(created.CodeSha256);
    await rm(join(codeFolder, sha256), { recursive: true });
    const row = await store.read((tx) => findFunction(tx, { account: '000000000000', region: 'us-east-1' }, 'hello'));
    assert.ok(row);
    const holds = await Promise.all(Array.from({ length: 8 }, () => packages.open(row.latest.code)));
    assert.ok(existsSync(join(codeFolder, sha256, 'index.mjs')));
    assert.deepEqual(await readdir(codeFolder), [sha256]);
    for (const hold of holds) hold.release();
  });
});

test('forget removes a package only after its last hold, and never one that a row uses', async () => {
  await withPackages(async (packages, { call, codeFolder }) => {
    const used = sha256Of((await call('CreateFunction', helloFunction)).CodeSha256);
    packages.forget(used);
    await packages.settle();
    assert.deepEqual(await readdir(codeFolder), [used]);
    const archive = zipOf({ 'index.mjs': '// unused' });
    let held = false;
    await packages.add(archive, signal, async (code) => {
      packages.forget(code.sha256);
      await packages.settle();
      held = existsSync(join(codeFolder, code.sha256));
    });
    await packages.settle();
    assert.deepEqual([held, await readdir(codeFolder)], [true, [used]]);
  });
});

test('recover removes half-made folders, folders without rows, and after a reboot all of them', async () => {
  await withPackages(async (packages, { call, codeFolder }) => {
    const used = sha256Of((await call('CreateFunction', helloFunction)).CodeSha256);
    await packages.recover();
    for (const name of ['unpacking-abc', 'f'.repeat(64)]) await mkdir(join(codeFolder, name));
    const kept = existsSync('/proc/sys/kernel/random/boot_id') ? [used] : [];
    // The first recovery found no boot marker, so even a package in use was made anew at the next invocation.
    await call('Invoke', { FunctionName: 'hello', Payload: undefined });
    await packages.recover();
    assert.deepEqual((await readdir(codeFolder)).filter((name) => name !== 'boot'), kept);
    await writeFile(join(codeFolder, 'boot'), 'another boot');
    await packages.recover();
    assert.deepEqual((await readdir(codeFolder)).filter((name) => name !== 'boot'), []);
  });
});
