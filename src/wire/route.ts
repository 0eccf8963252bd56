import { unknownOperation } from './faults.ts';
import type { Identification } from './identify.ts';
import type { OperationModel } from './model.ts';
import { matchRoute } from './routes.ts';
import type { RequestHead } from './types.ts';

export interface RoutedOperation {
  readonly operation: OperationModel;
  /** Labels of the path, still percent-encoded; the codec decodes them. */
  readonly labels: Readonly<Record<string, string>>;
}

const noLabels: Readonly<Record<string, string>> = {};

/** Finds the operation of an identified request. Throws the protocol's own error for one that the service does not have. */
export function route(found: Identification, head: RequestHead, body: Uint8Array | undefined): RoutedOperation {
  switch (found.protocol) {
    case 'restJson1':
    case 'restXml':
      return byPath(found, head);
    case 'awsQuery':
    case 'ec2Query':
      return byAction(found, head, body);
    case 'rpcv2Cbor':
      return named(found, /\/operation\/([^/]+)\/?$/.exec(head.path)?.[1]);
    default: {
      const target = head.headers['x-amz-target'] ?? '';
      return named(found, target.slice(target.lastIndexOf('.') + 1));
    }
  }
}

function byPath(found: Identification, head: RequestHead): RoutedOperation {
  const path = found.bucket === undefined ? head.path : `/${found.bucket}${head.path === '/' ? '' : head.path}`;
  const match = matchRoute(found.service, head, path);
  const operation = match && found.service.findOperation(match.operation);
  if (!match || !operation) throw unknownOperation(found.protocol, found.service, undefined);
  return { operation, labels: match.labels };
}

const actionParameter = /(?:^|&)Action=([^&]*)/;
const versionParameter = /(?:^|&)Version=([^&]*)/;

function byAction(found: Identification, head: RequestHead, body: Uint8Array | undefined): RoutedOperation {
  const text = body === undefined ? '' : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  const name = actionParameter.exec(text)?.[1] ?? actionParameter.exec(head.query)?.[1];
  const version = versionParameter.exec(text)?.[1] ?? versionParameter.exec(head.query)?.[1];
  const operation = name === undefined ? undefined : found.service.findOperation(name);
  if (!operation || (version !== undefined && version !== found.service.version)) {
    throw unknownOperation(found.protocol, found.service, name?.slice(0, 200), version?.slice(0, 50));
  }
  return { operation, labels: noLabels };
}

function named(found: Identification, name: string | undefined): RoutedOperation {
  const operation = name === undefined ? undefined : found.service.findOperation(name);
  if (!operation) throw unknownOperation(found.protocol, found.service, name);
  return { operation, labels: noLabels };
}
