import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstSteps } from './firstSteps.ts';
import { reportLines, type ServerReport } from './report.ts';
import { createStyle } from './style.ts';

const plain = createStyle(false);
const report: ServerReport = {
  version: '0.1.0',
  endpoint: 'http://127.0.0.1:4566',
  dataFolder: '/srv/me/.haneul',
  auth: 'local',
  iam: 'enforce',
  loopback: true,
  guarantees: [
    { name: 'own user', on: true },
    { name: 'own network', on: false, remedy: 'sudo apt-get install bubblewrap' },
    { name: 'own processes', on: false, remedy: 'sudo apt-get install bubblewrap' },
  ],
  interpreters: [
    { family: 'node', version: '20.20.2' },
    { family: 'python', version: '3.11.7' },
    { family: 'python', version: '3.12.4' },
  ],
};

test('reportLines prints one remedy once for all the guarantees that it turns on', () => {
  const text = reportLines(report, plain, 100).join('\n');
  assert.match(text, /on {2}own user/);
  assert.match(text, /OFF own network; own processes\n +turn on: sudo apt-get install bubblewrap/);
  assert.equal(text.split('bubblewrap').length, 2);
  assert.match(text, /Node\.js 20\.20\.2; Python 3\.11\.7, 3\.12\.4/);
});

// Lines that are longer than the screen is wide take more than one row of it.
const rowsOf = (lines: readonly string[], columns: number): number => lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(line.length / columns)), 0);

test('reportLines and the first steps stay within one screen whatever is missing', () => {
  const steps = firstSteps({ endpoint: report.endpoint, dataFolder: undefined, inMemory: false, account: '000000000000', interpreters: report.interpreters });
  const around = ['', '', 'Paste', '', '', 'Ctrl-C'].length;
  for (const off of [0, 1, 15, 30]) {
    const guarantees = Array.from({ length: 30 }, (_, index) => ({ name: `functions cannot do the thing number ${index}`, on: index >= off, remedy: `remedy ${index}` }));
    const lines = reportLines({ ...report, guarantees, loopback: false, interpreters: [] }, plain, 100);
    const rows = rowsOf([...lines, ...steps.map((step) => `  ${step}`)], 100) + around;
    assert.ok(rows <= 24, `${rows} rows with ${off} off`);
    assert.ok(lines.length + steps.length + around <= 24, `${lines.length} lines`);
    assert.equal(/turn on: remedy 0/.test(lines.join('\n')), off > 0);
  }
});

test('reportLines names what is on even where more is off than there is room for', () => {
  for (const off of [1, 5, 12]) {
    const guarantees = Array.from({ length: 15 }, (_, index) => ({ name: `functions cannot do the thing number ${index}`, on: index >= off, remedy: index % 2 === 0 ? 'sudo npm start' : 'another' }));
    const text = reportLines({ ...report, guarantees }, plain, 100).join('\n');
    assert.match(text, new RegExp(`on {2}functions cannot do the thing number ${off}`), `${off} off`);
    assert.match(text, /OFF functions cannot do the thing number 0/);
    assert.match(text, /… and more: npx haneul doctor/);
  }
});

test('reportLines says what an open port, memory and switched-off policies mean', () => {
  const text = reportLines({ ...report, loopback: false, dataFolder: undefined, iam: 'off' }, plain, 100).join('\n');
  assert.match(text, /other machines can reach this port/);
  assert.match(text, /in memory: gone when the server stops/);
  assert.match(text, /policies are off/);
});

test('firstSteps are three lines for the interpreter that exists', () => {
  const options = { endpoint: 'http://127.0.0.1:4566', dataFolder: undefined, inMemory: false, account: '000000000000' };
  const python = firstSteps({ ...options, interpreters: report.interpreters });
  assert.equal(python.length, 3);
  assert.equal(python[0], 'eval "$(npx haneul env)"');
  assert.match(python[1] ?? '', /--runtime python3\.12 .*--zip-file fileb:\/\/hello\.zip/);
  const node = firstSteps({ ...options, dataFolder: "/tmp/it's", interpreters: [{ family: 'node', version: '22.1.0' }] });
  assert.equal(node[0], `eval "$(npx haneul env --data-dir '/tmp/it'\\''s')"`);
  assert.match(node[1] ?? '', /--runtime nodejs22\.x/);
});
