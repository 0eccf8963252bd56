import { formatArn } from '../../../base/arn.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import { invalidParameter, resourceNotFound } from '../errors.ts';
import { accountAccess, operation, scopeOf } from '../operation.ts';

// Destinations let other accounts subscribe, and lead to streams, of which there are none yet: nothing can be made, so nothing can be found.

const destinationAccess = (action: string, call: Call, name: string): AccessRequest => ({ action: `logs:${action}`, resource: formatArn({ service: 'logs', ...scopeOf(call), resource: `destination:${name}` }) });

export const putDestination = operation('PutDestination', {
  access: ({ destinationName = '' }, call) => destinationAccess('PutDestination', call, destinationName),
  refused: true,
  handle({ targetArn = '' }): never {
    const vendor = targetArn.split(':')[2];
    throw invalidParameter(`Could not deliver test message to specified ${vendor === 'firehose' ? 'Firehose' : 'Kinesis'} stream. Check if the given ${vendor === 'firehose' ? 'firehose' : 'kinesis'} stream is in ACTIVE state.`);
  },
});

export const putDestinationPolicy = operation('PutDestinationPolicy', {
  access: ({ destinationName = '' }, call) => destinationAccess('PutDestinationPolicy', call, destinationName),
  refused: true,
  handle(): never {
    throw invalidParameter('The specified destination does not exist.');
  },
});

export const describeDestinations = operation('DescribeDestinations', { access: () => accountAccess('DescribeDestinations'), handle: () => ({ destinations: [] }) });

export const deleteDestination = operation('DeleteDestination', {
  access: ({ destinationName = '' }, call) => destinationAccess('DeleteDestination', call, destinationName),
  refused: true,
  handle(): never {
    throw resourceNotFound();
  },
});
