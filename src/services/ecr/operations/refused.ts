// What is known and refused by name.
import type { AnyOperation } from '../../../framework/service.ts';
import { errors } from '../errors.ts';
import { accessTo, operation } from '../operation.ts';
import type { EcrDeps } from '../operation.ts';

const refuse = (what: string) => (): never => {
  throw errors.unsupported(what);
};

const scanning = refuse('image scanning');
const replication = refuse('replication');
const pullThrough = refuse('pull through cache rules');
const registry = (action: string) => () => ({ action: `ecr:${action}`, resource: '*' });

export const refusedOperations: Readonly<Record<string, AnyOperation<EcrDeps>>> = {
  StartImageScan: operation('StartImageScan', { access: accessTo('StartImageScan'), handle: scanning, refused: true }),
  DescribeImageScanFindings: operation('DescribeImageScanFindings', { access: accessTo('DescribeImageScanFindings'), handle: scanning, refused: true }),
  PutRegistryScanningConfiguration: operation('PutRegistryScanningConfiguration', { access: registry('PutRegistryScanningConfiguration'), handle: scanning, refused: true }),
  PutReplicationConfiguration: operation('PutReplicationConfiguration', { access: registry('PutReplicationConfiguration'), handle: replication, refused: true }),
  CreatePullThroughCacheRule: operation('CreatePullThroughCacheRule', { access: registry('CreatePullThroughCacheRule'), handle: pullThrough, refused: true }),
  PutImageScanningConfiguration: operation('PutImageScanningConfiguration', { access: accessTo('PutImageScanningConfiguration'), handle: scanning, refused: true }),
};
