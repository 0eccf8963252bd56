// Settings of a bucket that change what is billed and nothing else.

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
    const { document } = await readSetting<{ readonly status: 'Suspended' }>(deps, input, 'accelerate');
    return document ? { Status: document.status } : {};
  },
});

const putBucketAccelerateConfiguration = operation('PutBucketAccelerateConfiguration', {
  access: (input, call, deps) => bucketAccess('PutAccelerateConfiguration', input, call, deps),
  async handle(input, _call, deps) {
    const status = input.AccelerateConfiguration?.Status;
    if (status !== 'Enabled' && status !== 'Suspended') throw errors.malformedXml();
    // API reference, "Error responses", InvalidRequest: the texts about transfer acceleration.
    if ((input.Bucket ?? '').includes('.')) throw errors.invalidRequest('S3 Transfer Acceleration is not supported for buckets with periods (.) in their names');
    if (status === 'Enabled') throw errors.invalidRequest('S3 Transfer Acceleration cannot be enabled on this bucket. Contact AWS Support for more information.');
    await writeSetting(deps, input, 'accelerate', { status });
    return {};
  },
});

export const bucketBookkeepingOperations = {
  GetBucketAccelerateConfiguration: getBucketAccelerateConfiguration,
  GetBucketRequestPayment: getBucketRequestPayment,
  PutBucketAccelerateConfiguration: putBucketAccelerateConfiguration,
  PutBucketRequestPayment: putBucketRequestPayment,
};
