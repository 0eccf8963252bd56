// Settings of a bucket that change what is billed and nothing else, and those that this server does not have.

import { bucketAccess } from '../access.ts';
import { errors } from '../errors.ts';
import { operation } from '../operation.ts';
import { readSetting, writeSetting } from '../settings.ts';

const getBucketRequestPayment = operation('GetBucketRequestPayment', {
  access: (input, call, deps) => bucketAccess('GetBucketRequestPayment', input, call, deps),
  async handle(input, _call, deps) {
    const { document } = await readSetting<{ readonly payer: 'Requester' | 'BucketOwner' }>(deps, input, 'requestPayment');
    return { Payer: document?.payer ?? 'BucketOwner' };
  },
});

const putBucketRequestPayment = operation('PutBucketRequestPayment', {
  access: (input, call, deps) => bucketAccess('PutBucketRequestPayment', input, call, deps),
  async handle(input, _call, deps) {
    const payer = input.RequestPaymentConfiguration?.Payer;
    if (payer !== 'Requester' && payer !== 'BucketOwner') throw errors.malformedXml();
    await writeSetting(deps, input, 'requestPayment', payer === 'BucketOwner' ? undefined : { payer });
    return {};
  },
});

const getBucketAccelerateConfiguration = operation('GetBucketAccelerateConfiguration', {
  access: (input, call, deps) => bucketAccess('GetAccelerateConfiguration', input, call, deps),
  async handle(input, _call, deps) {
    await readSetting(deps, input, 'accelerate');
    return {};
  },
});

const putBucketAccelerateConfiguration = operation('PutBucketAccelerateConfiguration', {
  access: (input, call, deps) => bucketAccess('PutAccelerateConfiguration', input, call, deps),
  handle: () => {
    throw errors.unsupported('S3 Transfer Acceleration');
  },
});

const getBucketLogging = operation('GetBucketLogging', {
  access: (input, call, deps) => bucketAccess('GetBucketLogging', input, call, deps),
  async handle(input, _call, deps) {
    await readSetting(deps, input, 'logging');
    return {};
  },
});

const putBucketLogging = operation('PutBucketLogging', {
  access: (input, call, deps) => bucketAccess('PutBucketLogging', input, call, deps),
  async handle(input, _call, deps) {
    if (input.BucketLoggingStatus?.LoggingEnabled) throw errors.unsupported('Server access logging');
    await readSetting(deps, input, 'logging');
    return {};
  },
});

export const bucketBookkeepingOperations = {
  GetBucketAccelerateConfiguration: getBucketAccelerateConfiguration,
  GetBucketLogging: getBucketLogging,
  GetBucketRequestPayment: getBucketRequestPayment,
  PutBucketAccelerateConfiguration: putBucketAccelerateConfiguration,
  PutBucketLogging: putBucketLogging,
  PutBucketRequestPayment: putBucketRequestPayment,
};
