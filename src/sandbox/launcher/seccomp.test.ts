import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSeccompFilter } from './seccomp.ts';
import { refusedAsForbidden, refusedAsMissing, syscallNumbers } from './syscalls.ts';
import type { Architecture } from './syscalls.ts';

const architectures: Readonly<Record<Architecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/** Runs a filter as the kernel does and answers what it returns. */
function evaluate(program: Buffer, call: { architecture: number; number: number; argument?: number }): number {
  const words = new Map([[0, call.number], [4, call.architecture], [16, call.argument ?? 0]]);
  let accumulator = 0;
  for (let at = 0; at * 8 < program.length; at += 1) {
    const code = program.readUInt16LE(at * 8);
    const value = program.readUInt32LE(at * 8 + 4);
    if (code === 0x06) return value;
    if (code === 0x20) {
      accumulator = words.get(value) ?? 0;
      continue;
    }
    const isTrue = code === 0x15 ? accumulator === value : code === 0x35 ? accumulator >= value : (accumulator & value) !== 0;
    at += program.readUInt8(at * 8 + (isTrue ? 2 : 3));
  }
  throw new Error('the program ran off its end');
}

for (const architecture of ['x64', 'arm64'] as const) {
  const program = buildSeccompFilter(architecture) ?? Buffer.alloc(0);
  const numbers = syscallNumbers[architecture];
  const run = (number: number, argument = 0): number => evaluate(program, { architecture: architectures[architecture], number, argument });
  const allow = 0x7fff_0000;
  const errno = (code: number): number => 0x0005_0000 | code;

  test(`buildSeccompFilter refuses every listed call and lets ordinary ones pass (${architecture})`, () => {
    for (const name of refusedAsForbidden) {
      const number = numbers[name];
      if (number !== undefined) assert.equal(run(number), errno(1), name);
    }
    for (const name of refusedAsMissing) assert.equal(run(numbers[name] ?? -1), errno(38), name);
    const listed = new Set(Object.values(numbers));
    for (let number = 0; number < 470; number += 1) if (!listed.has(number)) assert.equal(run(number), allow, String(number));
  });

  test(`buildSeccompFilter reads the flags of clone and the family of socket (${architecture})`, () => {
    const { clone = -1, socket = -1 } = numbers;
    assert.equal(run(clone, 0x003d_0f00), allow); // a thread, as glibc makes it
    assert.equal(run(clone, 17), allow); // fork
    for (const flag of [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000]) assert.equal(run(clone, flag | 17), errno(1));
    for (const family of [1, 2, 10, 16]) assert.equal(run(socket, family), allow);
    for (const family of [0, 3, 17, 38, 40]) assert.equal(run(socket, family), errno(97), String(family));
  });

  test(`buildSeccompFilter ends a process that calls by another architecture’s numbers (${architecture})`, () => {
    assert.equal(evaluate(program, { architecture: 0x4000_0003, number: 1 }), 0x8000_0000);
    if (architecture === 'x64') assert.equal(run(0x4000_0000 + 1), 0x8000_0000);
  });
}

test('buildSeccompFilter has no answer for an architecture that it does not know', () => {
  assert.equal(buildSeccompFilter('riscv64'), undefined);
});
