// Front end for botocore's service-2.json (the "c2j" form of AWS's models).
import { member, prune, sparse } from './compact.mjs';

const locations = { uri: 'label', header: 'header', headers: 'prefixHeaders', querystring: 'query', statusCode: 'status' };
const timestampFormats = { unixTimestamp: 'epoch', iso8601: 'iso', rfc822: 'http' };

export function compactBotocore(source, { id, source: origin }) {
  const { metadata } = source;
  const protocols = (metadata.protocols ?? [metadata.protocol]).map((name) => protocolName(name, metadata));
  const named = protocols.some((name) => ['awsQuery', 'restXml', 'ec2Query'].includes(name)) ? 'x' : 'n';
  const shapes = Object.fromEntries(Object.entries(source.shapes).map(([name, shape]) => [name, compactShape(shape, named, source.shapes)]));
  const operations = Object.fromEntries(Object.entries(source.operations).map(([name, operation]) => [name, compactOperation(name, operation)]));
  const errors = Object.keys(source.shapes).filter((name) => source.shapes[name].exception);
  return {
    format: 1,
    id,
    source: origin,
    sdkId: metadata.serviceId,
    fullName: metadata.serviceFullName,
    version: metadata.apiVersion,
    protocols,
    signingNames: [metadata.signingName ?? metadata.endpointPrefix],
    endpointPrefix: metadata.endpointPrefix,
    targetPrefix: metadata.targetPrefix,
    xmlNamespace: typeof metadata.xmlNamespace === 'object' ? metadata.xmlNamespace.uri : metadata.xmlNamespace,
    queryCompatible: metadata.awsQueryCompatible !== undefined,
    operations,
    shapes: prune(operations, shapes, errors),
  };
}

function protocolName(name, metadata) {
  if (name === 'json') return metadata.jsonVersion === '1.0' ? 'awsJson1_0' : 'awsJson1_1';
  const names = { 'rest-json': 'restJson1', 'rest-xml': 'restXml', query: 'awsQuery', ec2: 'ec2Query', 'smithy-rpc-v2-cbor': 'rpcv2Cbor' };
  if (!names[name]) throw new Error(`protocol ${name} is not known`);
  return names[name];
}

function compactOperation(name, operation) {
  const { method, requestUri, responseCode } = operation.http;
  const wrapper = operation.output?.resultWrapper;
  return sparse({
    http: method === 'POST' && requestUri === '/' ? undefined : `${method} ${requestUri}`,
    status: responseCode === 200 ? undefined : responseCode,
    in: operation.input?.shape,
    out: operation.output?.shape,
    errors: (operation.errors ?? []).map((error) => error.shape),
    host: operation.endpoint?.hostPrefix,
    wrapper: wrapper === `${name}Result` ? undefined : wrapper,
    inName: operation.input?.locationName,
    inNs: operation.input?.xmlNamespace?.uri,
    outName: operation.output?.locationName,
    noAuth: operation.authtype === 'none' || operation.auth?.includes('smithy.api#noAuth'),
    idempotent: operation.idempotent,
  });
}

function compactShape(shape, named, all) {
  if (shape.document) return { t: 'document' };
  const common = {
    t: shape.type,
    min: shape.min,
    max: shape.max,
    pattern: shape.pattern,
    enum: shape.enum,
    secret: shape.sensitive,
    ts: timestampFormats[shape.timestampFormat],
  };
  if (shape.type === 'structure') {
    const members = Object.entries(shape.members).map(([name, value]) => [name, compactMember(name, value, shape, named, all)]);
    return sparse({
      t: 'structure',
      m: Object.fromEntries(members),
      r: shape.required,
      union: shape.union,
      stream: shape.eventstream,
      event: shape.event,
      err: shape.exception ? sparse({ status: shape.error?.httpStatusCode ?? (shape.fault ? 500 : undefined), code: shape.error?.code, fault: shape.fault }) : undefined,
      x: shape.locationName,
      ns: shape.xmlNamespace?.uri ?? shape.xmlNamespace,
      wrapper: shape.wrapper,
    });
  }
  if (shape.type === 'list') return sparse({ ...common, of: compactMember('member', shape.member, {}, named, all), flat: shape.flattened });
  if (shape.type === 'map') {
    return sparse({ ...common, key: compactMember('key', shape.key, {}, named, all), of: compactMember('value', shape.value, {}, named, all), flat: shape.flattened });
  }
  return sparse(common);
}

function compactMember(name, value, owner, named, all) {
  const payload = owner.payload === name;
  const location = payload ? 'payload' : locations[value.location];
  const bindsHttp = ['label', 'header', 'prefixHeaders', 'query'].includes(location);
  const wireName = value.locationName === undefined || value.locationName === name ? undefined : value.locationName;
  const queryMap = location === 'query' && all[value.shape].type === 'map';
  return member(value.shape, {
    in: queryMap ? 'queryMap' : location,
    n: bindsHttp || named === 'n' ? wireName : undefined,
    x: !bindsHttp && named === 'x' ? flattenedName(value, all) ?? wireName : undefined,
    q: value.queryName,
    flat: value.flattened,
    attr: value.xmlAttribute,
    ns: (value.xmlNamespace ?? all[value.shape].xmlNamespace)?.uri,
    prefix: (value.xmlNamespace ?? all[value.shape].xmlNamespace)?.prefix,
    ts: timestampFormats[value.timestampFormat],
    idem: value.idempotencyToken,
    streaming: value.streaming || all[value.shape].streaming,
    eventPayload: value.eventpayload,
    eventHeader: value.eventheader,
    hostLabel: value.hostLabel,
    secret: value.sensitive,
  });
}

// In this form a flattened list's elements are named by the list's member, if it names them at all.
function flattenedName(value, all) {
  const target = all[value.shape];
  return target.type === 'list' && (target.flattened || value.flattened) ? target.member.locationName : undefined;
}
