// The query language, over events in memory.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuery } from './parseQuery.ts';
import { planQuery } from './plan.ts';
import type { QueryEvent } from './record.ts';
import { run } from './rowTask.ts';
import { runQuery } from './runQuery.ts';
import { QuerySyntaxError } from './syntax.ts';

const start = Date.UTC(2026, 0, 31, 8, 0, 0);

const events = (messages: readonly string[], log = '000000000000:/app'): QueryEvent[] =>
  messages.map((message, at) => ({ ptr: `p${at}`, timestamp: start + at * 60_000, ingestionTime: start, message, logStream: `s${at % 2}`, log })).reverse();

async function query(text: string, given: readonly QueryEvent[] | readonly string[], limit = 10_000) {
  const all = given.map((event) => event).every((event) => typeof event === 'string') ? events(given as readonly string[]) : (given as readonly QueryEvent[]);
  async function* pages() {
    for (let at = 0; at < all.length; at += 3) yield all.slice(at, at + 3);
  }
  const plan = planQuery(parseQuery(text), limit);
  const { rows, recordsMatched } = await runQuery({ plan, query: text, limit, nowMs: start, pages: pages(), work: async (task) => run(task) });
  return { recordsMatched, rows: rows.map((row) => Object.fromEntries(row.map(({ field, value }) => [field, value]))) };
}

/** The values of one column. */
const column = async (text: string, given: readonly QueryEvent[] | readonly string[], name = 'x') => (await query(text, given)).rows.map((row) => row[name]);

/** Of one message, what an expression comes to. */
const value = async (expression: string, message = '') => (await column(`fields ${expression} as x`, [message]))[0];

test('parseQuery answers time and message, the latest first, when nothing else is asked', async () => {
  const { rows, recordsMatched } = await query('', ['a', 'b']);
  assert.equal(recordsMatched, 2);
  assert.deepEqual(rows, [
    { '@timestamp': '2026-01-31 08:01:00.000', '@message': 'b', '@ptr': 'p1' },
    { '@timestamp': '2026-01-31 08:00:00.000', '@message': 'a', '@ptr': 'p0' },
  ]);
  assert.deepEqual(await column('fields @message as x | limit 1', ['a', 'b']), ['b']);
  assert.deepEqual((await query('fields @message', ['a', 'b', 'c'], 2)).rows.map((row) => row['@message']), ['c', 'b']);
});

test('filter compares, matches and combines', async () => {
  const json = ['{"level":"INFO","ms":5}', '{"level":"ERROR","ms":50,"tags":["a"]}', '{"level":"ERROR","ms":500}', 'plain text'];
  const filter = async (condition: string) => (await column(`filter ${condition} | fields ms as x | sort ms asc`, json)).map((found) => found ?? '-').join(' ');
  assert.equal(await filter('level = "ERROR"'), '50 500');
  assert.equal(await filter("level != 'ERROR'"), '5 -');
  assert.equal(await filter('ms > 5 and ms <= 50'), '50');
  assert.equal(await filter('ms < 10 or not ispresent(level)'), '5 -');
  assert.equal(await filter('level in ["INFO", "DEBUG"]'), '5');
  assert.equal(await filter('level not in ["INFO", "DEBUG"]'), '50 500 -');
  assert.equal(await filter('@message like "plain"'), '-');
  assert.equal(await filter('@message not like /ERR/'), '5 -');
  assert.equal(await filter('level =~ /(?i)err/'), '50 500');
  assert.equal(await filter('not (level = "INFO" or ms = 50) # a comment\n'), '500 -');
  assert.equal(await filter('tags.0 = "a"'), '50');
  assert.equal(await filter('strcontains(@message, "text")'), '-');
});

test('fields computes: arithmetic by its rules, and every kind of function', async () => {
  const cases: readonly (readonly [string, string | undefined, string?])[] = [
    ['1 + 2 * 3 ^ 2', '19'],
    ['(1 + 2) * -3', '-9'],
    ['7 % 4', '3'],
    ['1 / 0', undefined],
    ['abs(-2) + ceil(1.2) + floor(1.8)', '5'],
    ['greatest(1, 5, 3)', '5'],
    ['least("b", "a")', 'a'],
    ['sqrt(16)', '4'],
    ['concat("a", 1, "b")', 'a1b'],
    ['toupper("é") ', 'É'],
    ['strlen("한국")', '2'],
    ['substr("abcdef", 2, 3)', 'cde'],
    ['replace("a.b.c", ".", "$&")', 'a$&b$&c'],
    ['trim("  x ")', 'x'],
    ['ltrim("xxay", "xy")', 'ay'],
    ['isempty("")', '1'],
    ['isblank(" ")', '1'],
    ['coalesce(none, other, "z")', 'z'],
    ['isValidIp("10.0.0.1") + isValidIpV6("::1")', '2'],
    ['isIpv4InSubnet("10.0.0.9", "10.0.0.0/24")', '1'],
    ['isIpInSubnet("10.0.1.9", "10.0.0.0/24")', '0'],
    ['isIpv6InSubnet("fe80::1", "fe80::/10")', '1'],
    ['datefloor(@timestamp, 1h)', '2026-01-31 08:00:00.000'],
    ['dateceil(fromMillis(1769847001000), 1d)', '2026-02-01 00:00:00.000'],
    ['toMillis("2026-01-31 08:00:00.000")', String(start)],
    ['datefloor(@timestamp, 1mo)', '2026-01-01 00:00:00.000'],
    ['now()', String(start / 1_000)],
    ['jsonStringify(a.b)', '{"c":[1,2]}', '{"a":{"b":{"c":[1,2]}}}'],
    ['a.b.c.1', '2', '{"a":{"b":{"c":[1,2]}}}'],
    ['`a-b.c`', '7', '{"a-b":{"c":7}}'],
    ['`x.y`', '8', '{"x.y":8}'],
    ['ok', '1', '{"ok":true}'],
    ['a', '3', '2026-01-01\tINFO\t{"a":3}'],
  ];
  for (const [expression, expected, message] of cases) assert.equal(await value(expression, message), expected, expression);
  assert.equal(await value('j.k', '').catch(() => 'none'), undefined);
  assert.deepEqual(await column('fields jsonParse(text) as j | fields j.k.0 as x', ['{"text":"{\\"k\\":[4]}"}']), ['4']);
});

test('parse takes fields out of text, by wildcards or by a regular expression', async () => {
  const lines = ['[INFO] user=kim took 12 ms', '[ERROR] user=lee took 340 ms', 'something else'];
  const glob = 'parse @message "[*] user=* took * ms" as level, user, ms';
  assert.deepEqual((await query(`${glob} | display level, user, ms`, lines)).rows.map(({ level, user, ms }) => [level, user, ms]), [[undefined, undefined, undefined], ['ERROR', 'lee', '340'], ['INFO', 'kim', '12']]);
  assert.deepEqual(await column('parse /user=(?<x>\\w+) took (?<ms>\\d+)/ | filter ms > 100', lines), [undefined]);
  assert.deepEqual(await column('parse /user=(?<x>\\w+) took (?<ms>\\d+)/ | filter ms > 100 | display x', lines), ['lee']);
  assert.deepEqual(await column('fields @message | parse @message "user=* " as x | filter ispresent(x)', lines), ['lee', 'kim']);
  assert.deepEqual(await column('parse @message "took *" as x | filter ispresent(x) | display x', lines), ['340 ms', '12 ms']);
});

test('stats aggregates by field and by time', async () => {
  const lines = [1, 2, 3, 4, 100].map((ms, at) => JSON.stringify({ ms, path: at % 2 === 0 ? '/a' : '/b', user: `u${at % 3}` }));
  const all = 'count(*) as n, count_distinct(user) as users, sum(ms) as total, avg(ms) as mean, min(ms) as low, max(ms) as high, pct(ms, 50) as mid, stddev(ms) as spread, earliest(user) as first, latest(user) as last, sortsFirst(path) as top, sortsLast(path) as bottom';
  assert.deepEqual((await query(`stats ${all}`, lines)).rows, [
    { n: '5', users: '3', total: '110', mean: '22', low: '1', high: '100', mid: '3', spread: '39.0128', first: 'u0', last: 'u1', top: '/a', bottom: '/b' },
  ]);
  assert.deepEqual((await query('stats count(*), sum(ms) by path | sort path desc', lines)).rows, [
    { path: '/b', 'count(*)': '2', 'sum(ms)': '6' },
    { path: '/a', 'count(*)': '3', 'sum(ms)': '104' },
  ]);
  assert.deepEqual((await query('stats count() as n by bin(2m) as at | sort at', lines)).rows, [
    { at: '2026-01-31 08:00:00.000', n: '2' },
    { at: '2026-01-31 08:02:00.000', n: '2' },
    { at: '2026-01-31 08:04:00.000', n: '1' },
  ]);
  assert.deepEqual((await query('stats max(ms) as high, min(ms) as low, high - low as span, sum(ms)/count(*) as mean', lines)).rows, [{ high: '100', low: '1', span: '99', mean: '22' }]);
  assert.deepEqual((await query('stats sum(ms) as s by path | filter s > 10 | stats count(*) as paths', lines)).rows, [{ paths: '1' }]);
  assert.deepEqual((await query('filter ms > 1000 | stats count(*) as n', lines)).rows, [{ n: '0' }]);
});

test('stats estimates what is too much to keep', async () => {
  const many = Array.from({ length: 12_000 }, (_, at) => JSON.stringify({ v: at + 1 }));
  const { rows } = await query('stats pct(v, 90) as p, count_distinct(v) as d', many);
  assert.ok(Math.abs(Number(rows[0]?.['p']) - 10_800) < 150, rows[0]?.['p']);
  assert.ok(Math.abs(Number(rows[0]?.['d']) - 12_000) < 1_000, rows[0]?.['d']);
});

test('sort, dedup and limit come in the order in which they are written', async () => {
  const lines = ['{"a":3,"s":"x"}', '{"a":20,"s":"y"}', '{"a":1,"s":"x"}', '{"s":"z"}'];
  assert.deepEqual(await column('fields a as x | sort a asc', lines), ['1', '3', '20', undefined]);
  assert.deepEqual(await column('fields a as x | sort a desc | limit 2', lines), ['20', '3']);
  assert.deepEqual(await column('fields a as x | sort s desc, a asc | limit 3', lines), [undefined, '20', '1']);
  assert.deepEqual(await column('fields a as x | sort a asc | dedup s', lines), ['1', '20', undefined]);
  assert.deepEqual(await column('fields a as x | dedup s', lines), [undefined, '1', '20']);
  assert.deepEqual(await column('fields s as x | dedup a', lines), ['x', 'y', 'x']);
});

test('parseQuery finds the fields of Lambda in its lines', async () => {
  const id = '11111111-2222-3333-4444-555555555555';
  const lines = [
    `START RequestId: ${id} Version: $LATEST\n`,
    `2026-01-31T08:00:00.000Z\t${id}\tINFO\t{"order":7}\n`,
    `REPORT RequestId: ${id}\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tInit Duration: 99.5 ms\t\n`,
  ];
  const lambda = events(lines, '000000000000:/aws/lambda/f');
  const text = 'filter @type = "REPORT" | stats max(@memorySize / 1000 / 1000) as mb, max(@maxMemoryUsed/1000/1000) as used, avg(@duration) as d, max(@billedDuration) as b, max(@initDuration) as i by @requestId';
  assert.deepEqual((await query(text, lambda)).rows, [{ '@requestId': id, mb: '128', used: '60', d: '12.34', b: '13', i: '99.5' }]);
  assert.deepEqual(await column(`filter @requestId = "${id}" and order = 7 | fields @logStream as x`, lambda), ['s1']);
  assert.deepEqual(await column('filter @type = "REPORT" | fields @duration as x', events(lines)), []);
});

test('parseQuery refuses what is no query, and says where', () => {
  const refuse = (text: string, message: RegExp, offset?: number) =>
    assert.throws(
      () => parseQuery(text),
      (error) => error instanceof QuerySyntaxError && message.test(error.message) && (offset === undefined || error.start === offset),
      text,
    );
  refuse('fields @message | count()', /unexpected symbol found c at line 1 and position 19/, 18);
  refuse('fields @message |', /unexpected end/);
  refuse('filter a = ', /unexpected end/);
  refuse('filter (a = 1', /unexpected end/);
  refuse('filter a like b', /unexpected symbol/);
  refuse('filter a like /(/', /Invalid regular expression/);
  refuse('filter nope(a) = 1', /Unknown function: nope/);
  refuse('fields sum(a)', /in the stats command only/);
  refuse('fields strlen()', /Invalid arguments for the function strlen/);
  refuse('stats nope(a)', /Unknown function: nope/);
  refuse('stats pct(a)', /Invalid arguments/);
  refuse('parse @message "a*b*" as x', /2 wildcards and 1 names/);
  refuse('parse @message /a(b)/', /named groups/);
  refuse('limit 10001', /limit/);
  refuse('limit x', /unexpected symbol/);
  refuse('pattern @message', /The command pattern is not supported/);
  refuse('fields @message | diff', /The command diff is not supported/);
  refuse(`filter ${'('.repeat(100)}a`, /nested too deeply/);
  refuse('filter a = "x', /unexpected/);
  refuse(`fields 1${'+1'.repeat(4_900)}`, /at most 1000/);
  refuse(`filter ${'a = 1 or '.repeat(1_100)}b = 1`, /at most 1000/);
});

test('parseQuery bears the longest expressions that one may write', async () => {
  assert.equal(await value(`1${'+1'.repeat(990)}`), '991');
  assert.equal(await value(`${'concat('.repeat(30)}"${'x'.repeat(9_000)}"${')'.repeat(30)}`), 'x'.repeat(9_000));
});
