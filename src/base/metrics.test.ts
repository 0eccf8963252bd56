import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';

test('createMetrics writes counters, gauges and histograms as Prometheus reads them', () => {
  const metrics = createMetrics();
  metrics.counter('served_total', 'Requests.', { service: 'iam' }).add();
  metrics.counter('served_total', 'Requests.', { service: 'iam' }).add(2);
  let waiting = 7;
  metrics.gauge('waiting', 'What waits.', () => waiting);
  const seconds = metrics.histogram({ name: 'took_seconds', help: 'Time.', bounds: [0.1, 1] });
  for (const value of [0.1, 0.5, 5]) seconds.record(value);
  waiting = 8;
  assert.deepEqual(metrics.format().split('\n'), [
    '# HELP served_total Requests.',
    '# TYPE served_total counter',
    'served_total{service="iam"} 3',
    '# HELP waiting What waits.',
    '# TYPE waiting gauge',
    'waiting 8',
    '# HELP took_seconds Time.',
    '# TYPE took_seconds histogram',
    'took_seconds_bucket{le="0.1"} 1',
    'took_seconds_bucket{le="1"} 2',
    'took_seconds_bucket{le="+Inf"} 3',
    'took_seconds_sum 5.6',
    'took_seconds_count 3',
    '',
  ]);
});

test('createMetrics escapes label values, and lets a later reader replace an earlier one', () => {
  const metrics = createMetrics();
  metrics.gauge('odd', 'A\nhelp.', () => 1, { name: 'a"b\\c\nd' });
  metrics.gauge('odd', 'A\nhelp.', () => 2, { name: 'a"b\\c\nd' });
  assert.match(metrics.format(), /^# HELP odd A\\nhelp\.\n# TYPE odd gauge\nodd\{name="a\\"b\\\\c\\nd"\} 2\n$/);
});

test('createMetrics bounds the series of a family, and counts what comes later as other', () => {
  const metrics = createMetrics();
  for (let count = 0; count < 3_000; count += 1) metrics.counter('calls_total', 'Calls.', { operation: `Invented${count}` }).add();
  const lines = metrics.format().split('\n').filter((line) => line.startsWith('calls_total'));
  assert.equal(lines.length, 1_001);
  assert.ok(lines.includes('calls_total{operation="other"} 2000'));
  metrics.counter('calls_total', 'Calls.', { operation: 'Invented5' }).add();
  assert.match(metrics.format(), /calls_total\{operation="Invented5"\} 2\n/);
});

test('createMetrics refuses one name for two types', () => {
  const metrics = createMetrics();
  metrics.counter('x_total', 'X.');
  assert.throws(() => metrics.gauge('x_total', 'X.', () => 1), /already/);
});
