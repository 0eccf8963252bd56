import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { placementInside } from '../launcher/placement.ts';
import { javaCommand, sharedArchiveName } from './javaCommand.ts';

const java = { family: 'java', version: '25.0.3', path: '/usr/bin/java', extraPaths: [] } as const;

test('javaCommand gives the virtual machine what AWS does, and leaves to JAVA_TOOL_OPTIONS what it speaks of', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'haneul-java-command-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['b.jar', 'a.jar', sharedArchiveName(java)]) writeFileSync(join(folder, name), '');
  const command = (variables: Record<string, string>): readonly string[] => javaCommand(java, folder, { handler: 'a.B::c', memoryMegabytes: 512, variables }, placementInside);
  assert.deepEqual(command({}), [
    '/usr/bin/java', '-XX:+UseSerialGC', '-XX:+TieredCompilation', '-XX:TieredStopAtLevel=1', '-XX:MaxHeapSize=445645k', '-Xshare:auto',
    `-XX:SharedArchiveFile=/var/runtime/lib/${sharedArchiveName(java)}`, '-Xlog:cds=off', '--enable-native-access=ALL-UNNAMED', '-Djava.net.preferIPv4Stack=true',
    '-cp', '/var/runtime/lib/a.jar:/var/runtime/lib/b.jar', 'com.amazonaws.services.lambda.runtime.api.client.AWSLambda', 'a.B::c',
  ]);
  const own = command({ JAVA_TOOL_OPTIONS: '-XX:+UseG1GC -Xmx1g -XX:TieredStopAtLevel=4 -Xshare:off' });
  assert.deepEqual(own.slice(0, 3), ['/usr/bin/java', '--enable-native-access=ALL-UNNAMED', '-Djava.net.preferIPv4Stack=true']);
});
