import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../base/metrics.ts';
import { registerSandboxMetrics } from './sandboxMetrics.ts';

test('registerSandboxMetrics adds up all kinds of slots', () => {
  const metrics = createMetrics();
  registerSandboxMetrics(metrics, {
    pools: () => [
      { kind: 'node 20.1.0', idle: 2, booting: 1, target: 3, hits: 5, misses: 1 },
      { kind: 'custom', idle: 1, booting: 0, target: 2, hits: 1, misses: 1 },
    ],
  });
  const text = metrics.format();
  for (const line of ['haneul_slots{state="idle"} 3', 'haneul_slots{state="booting"} 1', 'haneul_slot_starts{found="yes"} 6', 'haneul_slot_starts{found="no"} 2']) assert.ok(text.includes(line), text);
});
