import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom } from '../base/random.ts';
import { partsOfArn } from './arnPattern.ts';
import { matchesResource } from './evaluate.ts';
import { parsePolicy } from './parsePolicy.ts';
import { createStatements } from './policySet.ts';
import type { Policy } from './types.ts';

function compile(statements: readonly object[]): Policy {
  const parsed = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), 'stored');
  assert.ok('policy' in parsed, JSON.stringify(parsed));
  return parsed.policy;
}

test('near leaves out only statements whose resources match in no case, whatever the variables stand for', () => {
  const seed = 20_261_121;
  const random = createSeededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.fraction() * list.length)] as T;
  const patterns = ['*', 'arn:aws:s3:::*', 'arn:aws:s3:::a/*', 'arn:aws:s3:::${aws:username}/*', 'arn:aws:s3:::a/${aws:username}', 'arn:aws:s3:::?/${aws:username}*', 'arn:*:s3:::b/x', 'arn:aws:sqs:*:${aws:PrincipalAccount}:q', '${aws:username}', 'arn:aws:s3', 'a${aws:username}'];
  const resources = ['*', 'arn:aws:s3:::a/x', 'arn:aws:s3:::b/x', 'arn:aws:s3:::a/a', 'arn:aws:s3:::A/x', 'arn:aws:sqs:us-east-1:000000000000:q', 'a', 'aa', ''];
  const context = new Map([['aws:username', ['a']], ['aws:principalaccount', ['000000000000']]]);
  for (let round = 0; round < 500; round += 1) {
    const statements = Array.from({ length: 6 }, () => ({
      Effect: pick(['Allow', 'Deny']),
      Action: 's3:*',
      [pick(['Resource', 'Resource', 'NotResource'])]: Array.from({ length: 1 + Math.floor(random.fraction() * 2) }, () => pick(patterns)),
    }));
    const set = createStatements([compile(statements)]);
    for (const resource of resources) {
      const resourceParts = partsOfArn(resource);
      const about = set.about('s3:GetObject');
      const near = set.near('s3:GetObject', resource, resourceParts);
      for (const effect of ['allows', 'denies'] as const) {
        const matching = (list: typeof about.allows) => list.filter(({ statement }) => statement.resources === undefined || matchesResource(statement.resources, { resource, resourceParts, context }));
        assert.deepEqual(matching(near[effect]), matching(about[effect]), `seed ${seed}, round ${round}, ${resource}: ${JSON.stringify(statements)}`);
      }
      assert.equal(set.near('s3:GetObject', resource, resourceParts), near);
    }
  }
});
