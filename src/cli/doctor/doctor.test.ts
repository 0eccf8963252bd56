import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { judgeAwsCli } from './checkAwsCli.ts';
import { checkDataFolder, judgeFileSystem, judgeSpace } from './checkDataFolder.ts';
import { checkGuarantees, checkInterpreters, checkNode } from './checkMachine.ts';

test('judgeAwsCli fails a CLI that does not read AWS_ENDPOINT_URL, because it would call the real AWS', () => {
  assert.equal(judgeAwsCli('aws-cli/2.12.7 Python/3.11.4 Linux/6.1 exe/x86_64').state, 'fail');
  assert.equal(judgeAwsCli('aws-cli/1.28.1 Python/3.8.10 Linux/5.4 botocore/1.30.1').state, 'fail');
  assert.match(judgeAwsCli('aws-cli/2.9.19 Python/3.11.2').remedy ?? '', /--endpoint-url/);
});

test('judgeAwsCli accepts newer ones, and tells version 1 apart', () => {
  assert.deepEqual(judgeAwsCli('aws-cli/2.13.0 Python/3.11.4 Linux/6.1'), { name: 'AWS CLI', state: 'ok', text: '2.13.0' });
  const old = judgeAwsCli('aws-cli/1.45.11 Python/3.11');
  assert.deepEqual([old.state, old.text.includes('"aws sqs"'), old.remedy?.includes('--endpoint-url "$AWS_ENDPOINT_URL"')], ['warn', true, true]);
  assert.equal(judgeAwsCli('something else').state, 'warn');
});

test('judgeFileSystem warns of memory and of network file systems, also with a signed number', () => {
  assert.match(judgeFileSystem('/d', 0x01021994).text, /in memory \(tmpfs\)/);
  assert.equal(judgeFileSystem('/d', 0xff534d42 | 0).state, 'warn');
  assert.equal(judgeFileSystem('/d', 0xef53).state, 'ok');
});

test('judgeSpace warns below 1 GB and fails below 100 MB', () => {
  assert.deepEqual([99, 100, 1023, 1024].map((megabytes) => judgeSpace(megabytes * 1024 * 1024).state), ['fail', 'warn', 'warn', 'ok']);
});

test('checkDataFolder looks at the nearest folder that exists, leaves nothing behind, and reads the format', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-doctor-'));
  try {
    const fresh = await checkDataFolder(join(folder, 'a', 'b'));
    assert.equal(fresh.at(-1)?.text, 'new: nothing is stored yet');
    mkdirSync(join(folder, 'store'));
    writeFileSync(join(folder, 'store', 'format.json'), '{"format":99}');
    assert.equal((await checkDataFolder(folder)).at(-1)?.state, 'fail');
    writeFileSync(join(folder, 'file'), '');
    assert.equal((await checkDataFolder(join(folder, 'file')))[0]?.state, 'fail');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('checkGuarantees and checkInterpreters give each missing thing its own remedy', () => {
  const checks = checkGuarantees([
    { name: 'own user', on: true },
    { name: 'own network', on: false, remedy: 'run as root' },
  ]);
  assert.deepEqual(checks.map(({ state, text, remedy }) => [state, text, remedy]), [
    ['ok', 'own user', undefined],
    ['warn', 'off: own network', 'run as root'],
  ]);
  assert.deepEqual(checkInterpreters([{ family: 'node', version: '22.0.0', path: '/n' }]).map(({ state }) => state), ['ok', 'warn', 'ok', 'ok']);
  assert.match(checkInterpreters([{ family: 'java', version: '17.0.15', path: '/j' }])[2]?.text ?? '', /^17\.0\.15 \(\/j\); a function that names another/);
});

test('checkNode holds the version that package.json asks for', () => {
  assert.deepEqual(['v20.2.0', 'v20.3.0', 'v22.0.0', 'v18.20.0'].map((version) => checkNode(version).state), ['fail', 'ok', 'ok', 'fail']);
});
