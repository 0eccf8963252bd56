import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expiredImages, parseLifecycle } from './lifecycle.ts';
import { isTagFixed, matchesWildcard } from './mutability.ts';

const dayMs = 86_400_000;
const image = (digest: string, ageDays: number, ...tags: string[]) => ({ digest, tags, pushedAtMs: -ageDays * dayMs, pulledAtMs: undefined, isReferenced: false });
const rule = (rulePriority: number, selection: object): object => ({ rulePriority, selection, action: { type: 'expire' } });
const expire = (rules: readonly object[], images: readonly ReturnType<typeof image>[]): string[] =>
  expiredImages(parseLifecycle(JSON.stringify({ rules })), images, 0).map(({ image: { digest }, priority }) => `${digest} ${priority}`);

// https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_examples.html
test('expiredImages counts, ages and gives each image to the first rule that selects it', () => {
  const images = [image('a', 1, 'prod-1'), image('b', 2, 'prod-2'), image('c', 3), image('d', 40, 'dev-1', 'beta-1'), image('e', 20)];
  assert.deepEqual(expire([rule(1, { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 2 })], images), ['c 1', 'e 1', 'd 1']);
  assert.deepEqual(expire([rule(1, { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 14 })], images), ['e 1']);
  const both = [
    rule(1, { tagStatus: 'tagged', tagPrefixList: ['prod'], countType: 'imageCountMoreThan', countNumber: 5 }),
    rule(2, { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 }),
  ];
  assert.deepEqual(expire(both, images), ['e 2', 'd 2']);
  assert.deepEqual(expire([rule(1, { tagStatus: 'tagged', tagPatternList: ['dev*', 'beta*'], countType: 'sinceImagePushed', countUnit: 'days', countNumber: 30 })], images), ['d 1']);
});

test('expiredImages leaves what an index names', () => {
  const selection = { tagStatus: 'any', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 1 };
  assert.deepEqual(expire([rule(1, selection)], [{ ...image('a', 9), isReferenced: true }, image('b', 9)]), ['b 1']);
});

test('parseLifecycle refuses what is no policy', () => {
  const selection = { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 };
  const wrong: unknown[] = [
    'text', {}, { rules: [] }, { rules: [rule(0, selection)] }, { rules: [rule(1, selection), rule(1, selection)] }, { rules: [rule(1, selection), rule(2, { ...selection, tagStatus: 'untagged' })] },
    { rules: [rule(1, { ...selection, tagStatus: 'tagged' })] }, { rules: [rule(1, { ...selection, countNumber: 0 })] }, { rules: [rule(1, { ...selection, countUnit: 'days' })] }, { rules: [null] },
  ];
  for (const policy of wrong) assert.throws(() => parseLifecycle(JSON.stringify(policy)), { code: 'InvalidParameterException' }, JSON.stringify(policy));
});

test('matchesWildcard takes its time from the text alone, and isTagFixed turns the rule round for what is excluded', () => {
  assert.ok(matchesWildcard('dev*', 'dev-1') && matchesWildcard('*', '') && !matchesWildcard('a*b', 'ac') && matchesWildcard('*a*b*', 'xxaxxbxx'));
  assert.equal(matchesWildcard('*a'.repeat(40), 'a'.repeat(120) + 'b'), false);
  assert.deepEqual(['x', 'dev'].map((tag) => isTagFixed({ mutability: 'MUTABLE_WITH_EXCLUSION', exclusions: ['dev'] }, tag)), [false, true]);
});
