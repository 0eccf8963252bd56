import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Interpreter } from '../../../sandbox/types.ts';
import type { CodeReference } from '../store.ts';
import { describeForeignCode, requireLoadableModules } from './foreignCode.ts';

const python = (version: string): Interpreter => ({ family: 'python', version, path: '/usr/bin/python3' });
const row = (runtime: string, nativePythons: readonly string[], nativeArchitectures: readonly string[] = []) => ({
  runtime,
  architecture: 'x86_64' as const,
  code: { blobId: '' as CodeReference['blobId'], sha256: '', zippedBytes: 1, nativeArchitectures, nativePythons },
});
const host = (interpreters: readonly Interpreter[]) => ({ architecture: 'x86_64', interpreters });

test('describeForeignCode explains extension modules that the interpreter at hand cannot load', () => {
  const reason = describeForeignCode(row('python3.11', ['3.11']), host([python('3.12.4')]));
  assert.match(reason ?? '', /built for Python 3\.11; this host has no Python 3\.11 and would run the function on Python 3\.12\.4, which cannot load them/);
  assert.throws(() => requireLoadableModules(row('python3.11', ['3.11']), [python('3.12.4')]), { code: 'InvalidParameterValueException', message: reason });
});

test('describeForeignCode has nothing against scripts, the exact interpreter, or modules that the nearest one loads', () => {
  assert.equal(describeForeignCode(row('python3.11', []), host([python('3.12.4')])), undefined);
  assert.equal(describeForeignCode(row('python3.11', ['3.12']), host([python('3.11.9'), python('3.12.4')])), undefined);
  assert.equal(describeForeignCode(row('python3.11', ['3.11', '3.12']), host([python('3.12.4')])), undefined);
  assert.equal(describeForeignCode(row('nodejs22.x', ['3.11']), host([python('3.12.4')])), undefined);
});

test('describeForeignCode names programs of the other architecture', () => {
  assert.match(describeForeignCode(row('provided.al2023', [], ['arm64']), host([])) ?? '', /for arm64, and this host runs x86_64/);
});

test('describeForeignCode explains classes of a later Java than the one at hand, and has nothing against the exact or a newer one', () => {
  const java = (version: string): Interpreter => ({ family: 'java', version, path: '/usr/bin/java' });
  const classes = (runtime: string, javaRelease?: number) => {
    const described = row(runtime, []);
    return { ...described, code: { ...described.code, ...(javaRelease === undefined ? {} : { javaRelease }) } };
  };
  const reason = describeForeignCode(classes('java21', 21), host([java('17.0.15')]));
  assert.equal(
    reason,
    'The package holds classes compiled for Java 21; this host has no Java 21 and would run the function on Java 17.0.15, which cannot load them. Install Java 21 on this host, or compile with --release 17.',
  );
  assert.throws(() => requireLoadableModules(classes('java21', 21), [java('17.0.15')]), { code: 'InvalidParameterValueException', message: reason });
  for (const installed of [['21.0.1'], ['17.0.15', '25.0.3'], ['17.0.15', '21.0.1', '25.0.3']]) {
    assert.equal(describeForeignCode(classes('java21', 21), host(installed.map(java))), undefined);
  }
  assert.equal(describeForeignCode(classes('java21', 17), host([java('17.0.15')])), undefined);
  assert.equal(describeForeignCode(classes('java21'), host([java('17.0.15')])), undefined);
  // What a later class does on the Java that was asked for is that Java's matter, as on AWS.
  assert.equal(describeForeignCode(classes('java17', 21), host([java('17.0.15')])), undefined);
});
