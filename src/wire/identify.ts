// Decides from the head alone which service a request is for and which protocol it speaks (research: one port, in this order).

import { parseAuthorization } from './authorization.ts';
import type { Authorization } from './authorization.ts';
import { functionUrlAddress, type FunctionUrlAddress } from './functionUrl.ts';
import type { ServiceModel } from './model.ts';
import { matchRoute } from './routes.ts';
import type { ProtocolName, RequestHead } from './types.ts';

export interface Identification {
  readonly service: ServiceModel;
  readonly protocol: ProtocolName;
  /** S3 only: the bucket that the host names (`bucket.s3.…`); the path then starts at the key. */
  readonly bucket?: string;
  /** Lambda only: the function URL that the host or path names; no operation of the model is meant. */
  readonly functionUrl?: FunctionUrlAddress;
}

export interface Catalogue {
  readonly services: readonly ServiceModel[];
  readonly bySigningName: ReadonlyMap<string, readonly ServiceModel[]>;
  readonly byTargetPrefix: ReadonlyMap<string, ServiceModel>;
  readonly byEndpointPrefix: ReadonlyMap<string, ServiceModel>;
}

/** Indexes the models that one port serves. */
export function createCatalogue(services: readonly ServiceModel[]): Catalogue {
  const bySigningName = new Map<string, ServiceModel[]>();
  const byTargetPrefix = new Map<string, ServiceModel>();
  const byEndpointPrefix = new Map<string, ServiceModel>();
  for (const service of services) {
    for (const name of service.signingNames) bySigningName.set(name, [...(bySigningName.get(name) ?? []), service]);
    if (service.targetPrefix !== undefined) byTargetPrefix.set(service.targetPrefix, service);
    if (!byEndpointPrefix.has(service.endpointPrefix)) byEndpointPrefix.set(service.endpointPrefix, service);
  }
  return { services, bySigningName, byTargetPrefix, byEndpointPrefix };
}

const cborPath = /^\/service\/([^/]+)\/operation\/([^/]+)\/?$/;

/**
 * The service and protocol of a request, before any body is read. Undefined when the head does not tell: then an unsigned form
 * (`isForm`) may still be told by its fields, see {@link identifyForm}.
 */
export function identify(
  head: RequestHead,
  catalogue: Catalogue,
  authorization: Authorization | undefined = parseAuthorization(head),
): Identification | undefined {
  return (
    byFunctionUrl(head, catalogue) ??
    byRegistry(head, catalogue, authorization) ??
    byCborPath(head, catalogue) ??
    byTarget(head, catalogue) ??
    byScope(head, catalogue, authorization) ??
    byLegacySignature(head, catalogue, authorization) ??
    byHost(head, catalogue) ??
    bySigningCertificate(head, catalogue) ??
    byQueryAction(head, catalogue) ??
    byRoute(head, catalogue) ??
    anonymousS3(head, catalogue)
  );
}

/** True for a POST that carries form fields: the only kind of request whose service may be named in its body. */
export function isForm(head: RequestHead): boolean {
  return head.method === 'POST' && (head.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
}

/** The service of an unsigned form (`Action` and `Version`), for example AssumeRoleWithWebIdentity or SNS ConfirmSubscription. */
export function identifyForm(body: Uint8Array, catalogue: Catalogue): Identification | undefined {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  return byAction(/(?:^|&)Action=([^&]*)/.exec(text)?.[1], /(?:^|&)Version=([^&]*)/.exec(text)?.[1], catalogue);
}

// First: whatever such a request looks like besides, it is the function's.
function byFunctionUrl(head: RequestHead, catalogue: Catalogue): Identification | undefined {
  const functionUrl = functionUrlAddress(head);
  const service = functionUrl && catalogue.byEndpointPrefix.get('lambda');
  return service && { service, protocol: 'restJson1', functionUrl };
}

const registryPath = /^\/v2(?:\/?$|\/_catalog$|\/.+\/(?:blobs|manifests|tags|referrers)\/)/;

// Registry clients sign nothing. Where neither their login nor the host tells, the paths of the OCI distribution specification do: none of
// them is one of API Gateway's, whose paths begin with the same version.
function byRegistry(head: RequestHead, catalogue: Catalogue, authorization: Authorization | undefined): Identification | undefined {
  if (!head.path.startsWith('/v2') || authorization !== undefined || head.headers['x-amz-target'] !== undefined) return undefined;
  const isLoggedIn = head.headers['authorization']?.startsWith('Basic ') === true;
  const isRegistryHost = /^\d{12}\.dkr[.-]ecr/.test(head.headers['host'] ?? '');
  if (!registryPath.test(head.path) && !((isLoggedIn || isRegistryHost) && head.path.startsWith('/v2/'))) return undefined;
  const service = catalogue.byTargetPrefix.get('AmazonEC2ContainerRegistry_V20150921');
  return service && { service, protocol: 'awsJson1_1' };
}

function byCborPath(head: RequestHead, catalogue: Catalogue): Identification | undefined {
  if (head.headers['smithy-protocol'] !== 'rpc-v2-cbor') return undefined;
  const name = cborPath.exec(head.path)?.[1];
  const service = name === undefined ? undefined : catalogue.byTargetPrefix.get(name);
  return service && { service, protocol: 'rpcv2Cbor' };
}

function byTarget(head: RequestHead, catalogue: Catalogue): Identification | undefined {
  const target = head.headers['x-amz-target'];
  if (target === undefined) return undefined;
  const service = catalogue.byTargetPrefix.get(target.slice(0, Math.max(0, target.lastIndexOf('.'))));
  return service && { service, protocol: jsonProtocol(head, service) };
}

function jsonProtocol(head: RequestHead, service: ServiceModel): ProtocolName {
  if (head.headers['content-type']?.startsWith('application/x-amz-json-1.1')) return 'awsJson1_1';
  if (head.headers['content-type']?.startsWith('application/x-amz-json-1.0')) return 'awsJson1_0';
  return service.protocols.find((name) => name === 'awsJson1_0' || name === 'awsJson1_1') ?? 'awsJson1_0';
}

function byScope(head: RequestHead, catalogue: Catalogue, authorization: Authorization | undefined): Identification | undefined {
  if (authorization?.kind !== 'v4') return undefined;
  const candidates = catalogue.bySigningName.get(authorization.service);
  if (candidates && isTwofoldForm(candidates, head)) return undefined;
  const service = candidates && choose(candidates, head);
  if (!service) return undefined;
  return withBucket(head, { service, protocol: protocolOf(head, service) });
}

// NOTE: `execute-api` is the signing name of API Gateway's management API for connections (`/@connections/…`) and of invocations of
// deployed APIs alike. Only the first is known here: what serves the second has to pick its requests out, by host or path, before this.
// One signing name may serve two APIs: API Gateway v1 and v2 differ by path, Elastic Load Balancing by Version, DynamoDB's by target.
function choose(candidates: readonly ServiceModel[], head: RequestHead): ServiceModel | undefined {
  if (candidates.length === 1) return candidates[0];
  const version = /(?:^|&)Version=([^&]*)/.exec(head.query)?.[1];
  return (
    candidates.find((service) => isRest(service) && service.mayServe(head.path) && matchRoute(service, head) !== undefined) ??
    candidates.find((service) => service.version === version) ??
    candidates[0]
  );
}

// The two Elastic Load Balancing APIs share everything but the Version in the form: that is read before they are told apart.
function isTwofoldForm(candidates: readonly ServiceModel[], head: RequestHead): boolean {
  return candidates.length > 1 && isForm(head) && !head.query.includes('Version=') && candidates.every((service) => service.protocols.includes('awsQuery'));
}

// Clients such as curl label any POST as a form, so the label counts only where the service speaks the query protocol at all.
function protocolOf(head: RequestHead, service: ServiceModel): ProtocolName {
  const query = service.protocols.find((name) => name === 'awsQuery' || name === 'ec2Query');
  if (query !== undefined && (service.protocols.length === 1 || isForm(head) || /(?:^|&)Action=/.test(head.query))) return query;
  return service.protocols.find((name) => name === 'restJson1' || name === 'restXml') ?? service.protocols[0] ?? 'awsJson1_1';
}

function isRest(service: ServiceModel): boolean {
  return service.protocols.includes('restJson1') || service.protocols.includes('restXml');
}

function byLegacySignature(head: RequestHead, catalogue: Catalogue, authorization: Authorization | undefined): Identification | undefined {
  const service = authorization?.kind === 'v2' ? catalogue.byEndpointPrefix.get('s3') : undefined;
  return service && withBucket(head, { service, protocol: 'restXml' });
}

function byHost(head: RequestHead, catalogue: Catalogue): Identification | undefined {
  const host = (head.headers['host'] ?? '').replace(/:\d+$/, '');
  const bucket = s3Bucket(host);
  const s3 = catalogue.byEndpointPrefix.get('s3');
  if (bucket !== undefined && s3) return { service: s3, protocol: 'restXml', bucket };
  const labels = host.split('.');
  if (labels.length < 2) return undefined;
  const service = catalogue.byEndpointPrefix.get(`${labels[0]}.${labels[1]}`) ?? catalogue.byEndpointPrefix.get(labels[0] ?? '');
  return service && { service, protocol: protocolOf(head, service) };
}

// At the server's own address nothing but its name tells the certificate of SNS from a bucket, which cannot have such a name.
function bySigningCertificate(head: RequestHead, catalogue: Catalogue): Identification | undefined {
  if (head.method !== 'GET' || !/^\/SimpleNotificationService-[0-9a-f]+\.pem$/.test(head.path)) return undefined;
  const service = catalogue.byEndpointPrefix.get('sns');
  return service && { service, protocol: 'awsQuery' };
}

/** `bucket.s3.us-east-1.…` and `bucket.s3.localhost`: bucket names may hold dots. */
function s3Bucket(host: string): string | undefined {
  return /^(.+)\.s3[.-]/.exec(host)?.[1] ?? /^(.+)\.s3$/.exec(host)?.[1];
}

// SDKs that are pointed to `http://localhost:4566` and not told to use paths put the bucket before that name.
function bucketBeforeLocalhost(host: string): string | undefined {
  const name = /^([a-z0-9][a-z0-9.-]*)\.localhost$/.exec(host)?.[1];
  return name === undefined || /^s3(?:[.-]|$)/.test(name) ? undefined : name;
}

function withBucket(head: RequestHead, found: Identification): Identification {
  if (found.service.id !== 's3') return found;
  const host = (head.headers['host'] ?? '').replace(/:\d+$/, '');
  const bucket = s3Bucket(host) ?? bucketBeforeLocalhost(host);
  return bucket === undefined ? found : { ...found, bucket };
}

function byQueryAction(head: RequestHead, catalogue: Catalogue): Identification | undefined {
  const action = /(?:^|&)Action=([^&]*)/.exec(head.query)?.[1];
  return action === undefined ? undefined : byAction(action, /(?:^|&)Version=([^&]*)/.exec(head.query)?.[1], catalogue);
}

function byAction(action: string | undefined, version: string | undefined, catalogue: Catalogue): Identification | undefined {
  if (action === undefined) return undefined;
  const speakers = catalogue.services.filter((service) => service.protocols.includes('awsQuery') || service.protocols.includes('ec2Query'));
  const service =
    speakers.find((candidate) => candidate.version === version && candidate.findOperation(action)) ??
    (version === undefined ? speakers.find((candidate) => candidate.findOperation(action)) : undefined) ??
    speakers.find((candidate) => candidate.version === version);
  return service && { service, protocol: service.protocols.includes('ec2Query') ? 'ec2Query' : 'awsQuery' };
}

// Unsigned REST calls are told apart by their paths, which begin with an API date or a root of the service's own. S3 takes any path, so it comes last.
function byRoute(head: RequestHead, catalogue: Catalogue): Identification | undefined {
  if (head.path === '/' || head.path === '') return undefined;
  for (const service of catalogue.services) {
    if (service.id === 's3' || !isRest(service) || !service.mayServe(head.path) || matchRoute(service, head) === undefined) continue;
    return { service, protocol: protocolOf(head, service) };
  }
  return undefined;
}

function anonymousS3(head: RequestHead, catalogue: Catalogue): Identification | undefined {
  const service = catalogue.byEndpointPrefix.get('s3');
  if (!service || isForm(head) || head.headers['x-amz-target'] !== undefined) return undefined;
  return withBucket(head, { service, protocol: 'restXml' });
}
