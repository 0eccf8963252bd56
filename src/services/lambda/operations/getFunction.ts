import { makeCodeToken } from '../domain/codeLocation.ts';
import { describeVersion } from '../domain/configuration.ts';
import { accessTo, referenceOf, requireVersion } from '../lookup.ts';
import { operation } from '../operation.ts';
import { momentOf } from '../runtimePreparation.ts';

export const getFunction = operation('GetFunction', {
  access: accessTo('lambda:GetFunction', { qualified: true }),
  async handle(input, call, { store, random, sealKey, variables, runtimes }) {
    const reference = referenceOf(input, call);
    const { head, row } = await store.read((tx) => requireVersion(tx, reference));
    const token = makeCodeToken({ blobId: row.code.blobId, fileName: `${head.name}.zip` }, call.nowMs, sealKey, random);
    const described = { place: reference, name: head.name, row, qualifier: reference.qualifier };
    return {
      Configuration: await describeVersion(described, (deployment) => variables.show(deployment, call), momentOf(row, runtimes)),
      // DEVIATION: the archive comes from this server, not from an S3 bucket; RepositoryType says S3 as clients expect.
      Code: row.image
        ? { RepositoryType: 'ECR', ImageUri: row.image.uri, ResolvedImageUri: row.image.resolvedUri }
        : { RepositoryType: 'S3', Location: `${call.endpoint}/lambda-code/${token}` },
      ...(head.tags.length === 0 ? {} : { Tags: Object.fromEntries(head.tags) }),
      ...(head.reservedConcurrency === undefined ? {} : { Concurrency: { ReservedConcurrentExecutions: head.reservedConcurrency } }),
    };
  },
});
