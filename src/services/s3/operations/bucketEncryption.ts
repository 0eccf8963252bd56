import { bucketAccess } from '../access.ts';
import type { DefaultEncryption } from '../encryption.ts';
import { errors } from '../errors.ts';
import { operation } from '../operation.ts';
import { readSetting, writeSetting } from '../settings.ts';

const kind = 'encryption';

const getBucketEncryption = operation('GetBucketEncryption', {
  access: (input, call, deps) => bucketAccess('GetEncryptionConfiguration', input, call, deps),
  async handle(input, _call, deps) {
    // Every bucket encrypts by default since January 2023.
    const { algorithm, keyId, bucketKey } = (await readSetting<DefaultEncryption>(deps, input, kind)).document ?? { algorithm: 'AES256' as const, bucketKey: false };
    const standard = { SSEAlgorithm: algorithm, ...(keyId === undefined ? {} : { KMSMasterKeyID: keyId }) };
    return { ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: standard, BucketKeyEnabled: bucketKey }] } };
  },
});

const putBucketEncryption = operation('PutBucketEncryption', {
  access: (input, call, deps) => bucketAccess('PutEncryptionConfiguration', input, call, deps),
  async handle(input, _call, deps) {
    const [rule, ...more] = input.ServerSideEncryptionConfiguration?.Rules ?? [];
    const standard = rule?.ApplyServerSideEncryptionByDefault;
    if (more.length > 0 || !rule) throw errors.malformedXml();
    if (rule.BlockedEncryptionTypes?.EncryptionType?.some((type) => type !== 'NONE')) throw errors.unsupported('Blocking encryption types');
    const algorithm = standard?.SSEAlgorithm ?? 'AES256';
    if (algorithm !== 'AES256' && algorithm !== 'aws:kms' && algorithm !== 'aws:kms:dsse') throw errors.malformedXml();
    const keyId = standard?.KMSMasterKeyID;
    if (algorithm === 'AES256' && keyId !== undefined) throw errors.invalidArgument('a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse', 'ApplyServerSideEncryptionByDefault');
    if (algorithm !== 'AES256' && !deps.encryption) throw errors.unsupported('Server-side encryption with AWS KMS keys (SSE-KMS)');
    await writeSetting(deps, input, kind, { algorithm, keyId, bucketKey: rule.BucketKeyEnabled ?? false } satisfies DefaultEncryption);
    return {};
  },
});

const deleteBucketEncryption = operation('DeleteBucketEncryption', {
  access: (input, call, deps) => bucketAccess('PutEncryptionConfiguration', input, call, deps),
  async handle(input, _call, deps) {
    await writeSetting(deps, input, kind, undefined);
    return {};
  },
});

export const bucketEncryptionOperations = { DeleteBucketEncryption: deleteBucketEncryption, GetBucketEncryption: getBucketEncryption, PutBucketEncryption: putBucketEncryption };
