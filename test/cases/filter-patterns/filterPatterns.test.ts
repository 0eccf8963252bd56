import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../src/base/packageRoot.ts';
import { parseFilterPattern } from '../../../src/services/logs/domain/filter-pattern/parseFilterPattern.ts';

interface CaseFile {
  readonly messages?: Readonly<Record<string, string>>;
  readonly cases: readonly PatternCase[];
}

interface PatternCase {
  readonly pattern: string;
  /** Text (`@name` for one of the file's messages), or JSON that is made text. */
  readonly matches?: readonly unknown[];
  readonly misses?: readonly unknown[];
  readonly error?: string;
}

const folder = join(packageRoot, 'test', 'cases', 'filter-patterns');

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  test(`parseFilterPattern agrees with every case of ${file}`, async () => {
    const { messages = {}, cases } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CaseFile;
    const textOf = (message: unknown): string => {
      if (typeof message !== 'string') return JSON.stringify(message);
      return message.startsWith('@') ? (messages[message.slice(1)] ?? assert.fail(`no message ${message}`)) : message;
    };
    const wrong: string[] = [];
    for (const { pattern, matches = [], misses = [], error } of cases) {
      if (matches.length + misses.length === 0 && error === undefined) wrong.push(`${pattern}: tells nothing`);
      try {
        const parsed = parseFilterPattern(pattern);
        if (error !== undefined) wrong.push(`${pattern}: is refused with "${error}"`);
        for (const message of matches) if (!(await parsed.matches(textOf(message)))) wrong.push(`${pattern}: matches ${textOf(message)}`);
        for (const message of misses) if (await parsed.matches(textOf(message))) wrong.push(`${pattern}: does not match ${textOf(message)}`);
      } catch (thrown) {
        if (String((thrown as Error).message) !== error) wrong.push(`${pattern}: ${String(thrown)}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
}
