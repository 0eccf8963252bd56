import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ServiceError } from '../base/errors.ts';
import { packageRoot } from '../base/packageRoot.ts';
import { checkConstraints } from './constraints.ts';
import { createModel, loadModel } from './model.ts';
import type { RawModel } from './linkShapes.ts';
import { compilePattern } from './patterns.ts';

const lambda = loadModel('lambda');
const dynamodb = loadModel('dynamodb');

function violationOf(service: typeof lambda, operationName: string, input: object): string | undefined {
  const operation = service.findOperation(operationName);
  assert.ok(operation);
  try {
    checkConstraints(operation, input, 'ValidationException');
  } catch (error) {
    assert.ok(error instanceof ServiceError);
    assert.equal(error.code, 'ValidationException');
    return error.message;
  }
  return undefined;
}

const functionInput = { FunctionName: 'f', Role: 'arn:aws:iam::000000000000:role/r', Code: {} };

test('checkConstraints accepts what the model allows', () => {
  assert.equal(violationOf(lambda, 'CreateFunction', { ...functionInput, Timeout: 900, Environment: { Variables: { A_1: '' } } }), undefined);
});

test('checkConstraints names missing members first letter in lower case', () => {
  assert.equal(
    violationOf(lambda, 'CreateFunction', { FunctionName: 'f' }),
    "2 validation errors detected: Value null at 'role' failed to satisfy constraint: Member must not be null; Value null at 'code' failed to satisfy constraint: Member must not be null",
  );
});

test('checkConstraints words ranges, lengths, patterns and enums as AWS does', () => {
  assert.equal(
    violationOf(lambda, 'CreateFunction', { ...functionInput, Timeout: 0 }),
    "1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1",
  );
  assert.equal(
    violationOf(lambda, 'CreateFunction', { ...functionInput, MemorySize: 127 }),
    "1 validation error detected: Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
  );
  assert.equal(
    violationOf(lambda, 'CreateFunction', { ...functionInput, PackageType: 'Tar' }),
    "1 validation error detected: Value 'Tar' at 'packageType' failed to satisfy constraint: Member must satisfy enum value set: [Zip, Image]",
  );
  assert.equal(
    violationOf(dynamodb, 'DescribeContinuousBackups', {}),
    "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null",
  );
});

test('checkConstraints judges lists and maps of scalars as a whole, structures one by one', () => {
  const model = createModel({
    format: 1, id: 'x', sdkId: 'X', version: '1', protocols: ['awsJson1_1'], signingNames: ['x'], endpointPrefix: 'x',
    operations: { Op: { in: 'In' } },
    shapes: {
      In: { t: 'structure', m: { Names: 'Names', Map: 'Map', Tags: 'Tags', Secret: 'Secret', Self: 'In', Set: 'Set' } },
      Names: { t: 'list', of: 'Name', max: 2 },
      Name: { t: 'string', min: 2, max: 3, pattern: '[a-z]+' },
      Map: { t: 'map', key: 'Name', of: 'Name' },
      Tags: { t: 'list', of: 'Tag' },
      Tag: { t: 'structure', m: { Key: 'Name' }, r: ['Key'] },
      Set: { t: 'list', of: 'Item', unique: true },
      Item: { t: 'structure', m: { A: 'Name', B: 'Name' } },
      Secret: { t: 'string', min: 8, secret: true },
    },
  });
  const rules = '[Member must have length less than or equal to 3, Member must have length greater than or equal to 2, Member must satisfy regular expression pattern: [a-z]+]';
  const check = (input: object): string | undefined => violationOf(model, 'Op', input)?.replace(/^\d+ validation errors? detected: /, '');
  assert.equal(check({ Names: ['ab', 'B'] }), `Value '[ab, B]' at 'names' failed to satisfy constraint: Member must satisfy constraint: ${rules}`);
  assert.equal(check({ Names: ['ab', 'ab', 'ab'] }), "Value '[ab, ab, ab]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 2");
  assert.equal(check({ Map: { A: 'ab' } }), `Value '{A=ab}' at 'map' failed to satisfy constraint: Map keys must satisfy constraint: ${rules}`);
  assert.equal(check({ Map: { ab: 'A' } }), `Value '{ab=A}' at 'map' failed to satisfy constraint: Map value must satisfy constraint: ${rules}`);
  assert.equal(check({ Tags: [{ Key: 'ab' }, {}] }), "Value null at 'tags.2.member.key' failed to satisfy constraint: Member must not be null");
  assert.equal(check({ Names: ['ab', null] }), "Value null at 'names.2.member' failed to satisfy constraint: Member must not be null");
  assert.equal(check({ Set: [{ A: 'ab', B: 'bc' }, { A: 'bc', B: 'ab' }] }), undefined);
  assert.equal(check({ Set: [{ A: 'ab', B: 'bc' }, { B: 'bc', A: 'ab' }] }), "Value '[{A=ab, B=bc}, {B=bc, A=ab}]' at 'set' failed to satisfy constraint: Member must have unique values");
  assert.equal(check({ Secret: 'short' }), "Value at 'secret' failed to satisfy constraint: Member must have length greater than or equal to 8");
  assert.equal(check({ Self: { Self: { Tags: [{ Key: '' }] } } }), [
    "Value '' at 'self.self.tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+",
    "Value '' at 'self.self.tags.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 2",
  ].join('; '));
});

test('checkConstraints keeps its answer small whatever comes in', () => {
  const message = violationOf(lambda, 'CreateFunction', { ...functionInput, Handler: 'x'.repeat(1_000_000), Environment: { Variables: Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`${index}`, 'v'])) } });
  assert.ok(message !== undefined && message.length < 20_000, `${message?.length}`);
});

test('compilePattern knows every pattern of every model, and none of them takes exponential time', () => {
  const folder = join(packageRoot, 'src', 'model');
  const pumps = ['a', 'A', '0', ' ', '/', '-', '_', '.', ':', 'a-', 'a.', 'a/', 'a ', '/a', 'a,', '1.', 'arn:aws:a', '{a', '=', '@'];
  const prefixes = ['', 'a', '/', '"', 'arn:aws:lambda:us-east-1:000000000000:function:', 'https://a.'];
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const model = JSON.parse(readFileSync(join(folder, name), 'utf8')) as RawModel;
    for (const [shape, { pattern, t }] of Object.entries(model.shapes)) {
      if (pattern === undefined || t !== 'string') continue;
      const expression = compilePattern(pattern);
      const started = performance.now();
      for (const prefix of prefixes) for (const pump of pumps) expression.test(`${prefix}${pump.repeat(25)}\u0001!`);
      const elapsedMs = performance.now() - started;
      assert.ok(elapsedMs < 2_000, `${name} ${shape} ${pattern} took ${elapsedMs} ms`);
    }
  }
});
