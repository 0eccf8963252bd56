import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runsCodeAtOnce, slotKindOf } from './slotKind.ts';

const node = { family: 'node', version: '20.1.0', path: '/usr/bin/node', extraPaths: [] } as const;
const python = { family: 'python', version: '3.11.2', path: '/usr/bin/python3', extraPaths: [] } as const;
const spec = (variables: Record<string, string>, ephemeralStorageMegabytes = 512) =>
  ({ runtime: { family: 'node', version: '20' }, variables, ephemeralStorageMegabytes }) as const;
const usual = { LANG: 'en_US.UTF-8', LD_LIBRARY_PATH: '/var/lang/lib:/var/task/lib:/opt/lib', NODE_ENV: 'production', NODE_PATH: '/opt/nodejs', TABLE: 't' };

test('slotKindOf lets functions share slots that differ only in what can be set later', () => {
  const [first, second] = [slotKindOf(spec(usual), node, undefined), slotKindOf(spec({ ...usual, TABLE: 'u', TZ: 'Asia/Seoul', NODE_ENV: 'test' }), node, undefined)];
  assert.ok(first);
  assert.equal(first.key, second?.key);
  assert.deepEqual(first.variables, { LANG: usual.LANG, LD_LIBRARY_PATH: usual.LD_LIBRARY_PATH });
  assert.notEqual(first.key, slotKindOf(spec({ ...usual, LANG: 'C' }), node, undefined)?.key);
  assert.notEqual(first.key, slotKindOf(spec(usual), { ...node, path: '/opt/node' }, undefined)?.key);
  assert.notEqual(first.key, slotKindOf(spec(usual), node, '/cache/sdk')?.key, 'a slot from before the SDK was there');
  assert.equal(slotKindOf(spec({ NODE_OPTIONS: 'x', LD_PRELOAD: 'y' }), undefined, undefined)?.key, 'custom');
});

test('slotKindOf refuses what an interpreter or the linker reads at its start, and another size of /tmp', () => {
  const refusedByNode = { NODE_OPTIONS: '-r /var/task/x.js', LD_PRELOAD: '/opt/x.so', LC_ALL: 'C', UV_THREADPOOL_SIZE: '8', LD_LIBRARY_PATH: '/opt/own', LANG: '../../tmp', NODE_EXTRA_CA_CERTS: '/var/task/ca.pem' };
  for (const [name, value] of Object.entries(refusedByNode)) assert.equal(slotKindOf(spec({ [name]: value }), node, undefined), undefined, name);
  for (const [name, value] of Object.entries({ PYTHONPATH: '/var/task/lib', PYTHONHASHSEED: '0', LD_PRELOAD: 'x' })) {
    assert.equal(slotKindOf(spec({ [name]: value }), python, undefined), undefined, name);
  }
  assert.ok(slotKindOf(spec({ PYTHONPATH: '/var/runtime' }), python, undefined));
  assert.equal(slotKindOf(spec(usual, 513), node, undefined), undefined);
});

test('runsCodeAtOnce knows the variables by which code runs before the bootstrap', () => {
  for (const name of ['NODE_OPTIONS', 'LD_PRELOAD', 'LD_AUDIT', 'OPENSSL_CONF', 'PYTHONSTARTUP', 'PYTHONHOME']) assert.equal(runsCodeAtOnce(spec({ [name]: 'x' })), true, name);
  assert.equal(runsCodeAtOnce(spec({ PYTHONPATH: '/opt/python' })), true);
  assert.equal(runsCodeAtOnce(spec({ ...usual, PYTHONPATH: '/var/runtime', PYTHONUNBUFFERED: '1' })), false);
});
