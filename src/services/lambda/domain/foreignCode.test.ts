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
