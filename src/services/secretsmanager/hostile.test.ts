import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../base/errors.ts';
import { secretsManager } from './service.ts';
import { createTestSecrets } from './testing/testSecrets.ts';
import { token } from './testing/tokens.ts';

const hostile = ['', '__proto__', 'constructor', '\u0000', '\ud800', 'x'.repeat(3_000), '本'.repeat(700), 'arn:', 'arn:aws:secretsmanager:us-east-1:000000000000:secret:', '../..', '[null]', '{"Statement":null}', 'W251bGxd', 'rate(0 days)', 'cron(* * * * * *)'];

/** Every member of text that any operation takes, with one hostile text in all of them but `kept`. */
function inputOf(text: string, kept: object): object {
  return {
    ...{ Name: text, SecretId: text, ClientRequestToken: text, VersionId: text, VersionStage: text, VersionStages: [text], RemoveFromVersionId: text, MoveToVersionId: text },
    ...{ KmsKeyId: text, SecretString: text, Description: text, Tags: [{ Key: text, Value: text }], TagKeys: [text], ResourcePolicy: text, NextToken: text, SecretIdList: [text] },
    ...{ RotationLambdaARN: text, RotationRules: { ScheduleExpression: text, Duration: text }, RotationToken: text, ExcludeCharacters: text },
    ...{ AddReplicaRegions: [{ Region: text, KmsKeyId: text }], RemoveReplicaRegions: [text], Filters: [{ Key: 'all', Values: [text] }] },
    ...kept,
  };
}

test('no text that a request can bring is more than refused by any operation', async () => {
  const secrets = createTestSecrets();
  await secrets.run('CreateSecret', { Name: 'a', ClientRequestToken: token(1), SecretString: 'x' });
  const { operationNames } = secretsManager.bind({} as never);
  for (const name of operationNames) {
    for (const text of hostile) {
      // Once for a secret that is there, once for none; lists take either ids or filters.
      for (const kept of [{ SecretId: 'a' }, { SecretId: 'a', ClientRequestToken: token(2), Filters: undefined }, { SecretIdList: undefined, SecretBinary: undefined }]) {
        await secrets.run(name as 'GetSecretValue', inputOf(text, kept) as never).catch((error: unknown) => {
          assert.ok(error instanceof ServiceError, `${name} with ${JSON.stringify(text.slice(0, 20))}: ${error instanceof Error ? error.stack : String(error)}`);
        });
      }
    }
  }
});
