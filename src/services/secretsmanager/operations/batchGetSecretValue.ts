import { ServiceError } from '../../../base/errors.ts';
import { invalidParameter } from '../errors.ts';
import { batchItemsMax } from '../limits.ts';
import { pageSecrets } from '../listing.ts';
import { serviceKeys, secretAccess } from '../lookup.ts';
import { operation, scopeOf } from '../operation.ts';
import { readSecretValue } from './getSecretValue.ts';

type Entry = Awaited<ReturnType<typeof readSecretValue>>;

export const batchGetSecretValue = operation('BatchGetSecretValue', {
  access: ({ SecretIdList, Filters }) => [
    { action: 'secretsmanager:BatchGetSecretValue', resource: '*', conditions: serviceKeys({ SecretId: SecretIdList }) },
    // API reference: "To use this operation with filters, you must also have ListSecrets."
    ...(Filters === undefined ? [] : [{ action: 'secretsmanager:ListSecrets', resource: '*' }]),
  ],
  async handle({ SecretIdList, Filters, MaxResults, NextToken }, call, deps) {
    if ((SecretIdList === undefined) === (Filters === undefined)) throw invalidParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.");
    if (SecretIdList !== undefined && (MaxResults !== undefined || NextToken !== undefined)) {
      throw invalidParameter("'Filters' not specified. 'MaxResults' can only be used with 'Filters'");
    }
    if (SecretIdList !== undefined && new Set(SecretIdList).size < SecretIdList.length) throw invalidParameter('SecretIdList must not name a secret twice.');
    const page =
      SecretIdList === undefined
        ? await deps.store.read((tx) => pageSecrets(tx, scopeOf(call), { filters: Filters ?? [], limit: MaxResults ?? batchItemsMax, token: NextToken }))
        : undefined;
    const values: Entry[] = [];
    const failures: { SecretId: string; ErrorCode: string; Message: string }[] = [];
    for (const secretId of SecretIdList ?? page?.found.map(({ arn }) => arn) ?? []) {
      try {
        await call.authorise(await secretAccess('GetSecretValue', secretId, call, deps));
        values.push(await readSecretValue(secretId, {}, call, deps));
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        failures.push({ SecretId: secretId, ErrorCode: error.code, Message: error.message });
      }
    }
    return { SecretValues: values, Errors: failures, ...(page?.next === undefined ? {} : { NextToken: page.next }) };
  },
});
