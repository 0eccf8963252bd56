// Front end for Smithy's JSON AST, the form in which AWS publishes its models on Maven Central.
import { member, prune, sparse } from './compact.mjs';

const protocolsByTrait = {
  'smithy.protocols#rpcv2Cbor': 'rpcv2Cbor',
  'aws.protocols#awsJson1_0': 'awsJson1_0',
  'aws.protocols#awsJson1_1': 'awsJson1_1',
  'aws.protocols#restJson1': 'restJson1',
  'aws.protocols#restXml': 'restXml',
  'aws.protocols#awsQuery': 'awsQuery',
  'aws.protocols#ec2Query': 'ec2Query',
};
const timestampFormats = { 'epoch-seconds': 'epoch', 'date-time': 'iso', 'http-date': 'http' };
const scalars = {
  string: 'string', enum: 'string', blob: 'blob', boolean: 'boolean', byte: 'byte', short: 'short', integer: 'integer', intEnum: 'integer',
  long: 'long', float: 'float', double: 'double', bigInteger: 'long', bigDecimal: 'double', timestamp: 'timestamp', document: 'document',
};

export function compactSmithy(ast, { id, source, serviceId }) {
  const service = findService(ast, serviceId);
  const facts = service.shape.traits ?? {};
  const names = new Map();
  const nameOf = (target) => localName(target, names, service.shape.rename);
  const operations = {};
  const shapes = {};
  // An error of another artifact (smithy.framework#ValidationException) is left out.
  const errors = (service.shape.errors ?? []).filter((error) => ast.shapes[error.target]).map((error) => nameOf(error.target));
  for (const target of operationsOf(ast, service.shape)) {
    operations[nameOf(target)] = compactOperation(ast.shapes[target], nameOf, ast);
  }
  for (const [target, shape] of Object.entries(ast.shapes)) {
    if (shape.type in { structure: 1, union: 1, list: 1, set: 1, map: 1 } || shape.type in scalars) shapes[nameOf(target)] = compactShape(target, shape, nameOf, ast);
  }
  for (const name of preludeScalars) shapes[name] = { t: preludeType(name) };
  shapes['$preludeUnit'] = { t: 'structure', m: {} };
  const protocols = Object.keys(protocolsByTrait).filter((trait) => trait in facts).map((trait) => protocolsByTrait[trait]);
  const info = facts['aws.api#service'] ?? {};
  return {
    format: 1,
    id,
    source,
    sdkId: info.sdkId ?? service.name,
    fullName: facts['smithy.api#title'],
    version: service.shape.version,
    protocols,
    signingNames: [facts['aws.auth#sigv4']?.name ?? info.endpointPrefix ?? id],
    endpointPrefix: info.endpointPrefix ?? id,
    targetPrefix: service.name,
    xmlNamespace: facts['smithy.api#xmlNamespace']?.uri,
    queryCompatible: 'aws.protocols#awsQueryCompatible' in facts,
    noErrorWrapping: facts['aws.protocols#restXml']?.noErrorWrapping,
    operations,
    shapes: prune(operations, shapes, errors),
  };
}

const preludeScalars = ['String', 'Blob', 'Boolean', 'Byte', 'Short', 'Integer', 'Long', 'Float', 'Double', 'BigInteger', 'BigDecimal', 'Timestamp',
  'Document', 'PrimitiveBoolean', 'PrimitiveByte', 'PrimitiveShort', 'PrimitiveInteger', 'PrimitiveLong', 'PrimitiveFloat', 'PrimitiveDouble']
  .map((name) => `$prelude${name}`);

function preludeType(name) {
  const type = name.slice('$prelude'.length).replace(/^Primitive/, '');
  return scalars[type.charAt(0).toLowerCase() + type.slice(1)];
}

function findService(ast, serviceId) {
  const found = Object.entries(ast.shapes).find(([target, shape]) => shape.type === 'service' && (serviceId === undefined || target === serviceId));
  if (!found) throw new Error('the model declares no service');
  return { name: found[0].split('#')[1], shape: found[1] };
}

// Two namespaces may use one name; the later one keeps its namespace as a suffix.
function localName(target, names, rename = {}) {
  const known = names.get(target);
  if (known) return known;
  const [namespace, local] = target.split('#');
  let name = namespace === 'smithy.api' ? `$prelude${local}` : rename[target] ?? local;
  if ([...names.values()].includes(name)) name = `${name}_${namespace.replace(/\W/g, '_')}`;
  names.set(target, name);
  return name;
}

function operationsOf(ast, shape) {
  const own = (shape.operations ?? []).map((operation) => operation.target);
  const resources = (shape.resources ?? []).flatMap((resource) => {
    const found = ast.shapes[resource.target];
    const lifecycle = ['create', 'put', 'read', 'update', 'delete', 'list'].map((name) => found[name]?.target).filter(Boolean);
    return [...lifecycle, ...(found.collectionOperations ?? []).map((operation) => operation.target), ...operationsOf(ast, found)];
  });
  return [...new Set([...own, ...resources])];
}

function compactOperation(operation, nameOf, ast) {
  const traits = operation.traits ?? {};
  const http = traits['smithy.api#http'];
  const target = (reference) => (reference && reference.target !== 'smithy.api#Unit' ? nameOf(reference.target) : undefined);
  const rootName = (reference) => (reference ? ast.shapes[reference.target]?.traits?.['smithy.api#xmlName'] : undefined);
  return sparse({
    http: http && !(http.method === 'POST' && http.uri === '/') ? `${http.method} ${http.uri}` : undefined,
    status: http?.code === 200 ? undefined : http?.code,
    in: target(operation.input),
    out: target(operation.output),
    errors: (operation.errors ?? []).filter((error) => ast.shapes[error.target]).map((error) => nameOf(error.target)),
    host: traits['smithy.api#endpoint']?.hostPrefix,
    inName: rootName(operation.input),
    outName: rootName(operation.output),
    noAuth: traits['smithy.api#auth']?.length === 0 || 'smithy.api#optionalAuth' in traits,
    unwrapped: 'aws.customizations#s3UnwrappedXmlOutput' in traits,
    idempotent: 'smithy.api#idempotent' in traits,
  });
}

function compactShape(target, shape, nameOf, ast) {
  const traits = shape.traits ?? {};
  const bounds = {
    min: traits['smithy.api#length']?.min ?? traits['smithy.api#range']?.min,
    max: traits['smithy.api#length']?.max ?? traits['smithy.api#range']?.max,
    pattern: traits['smithy.api#pattern'],
    secret: 'smithy.api#sensitive' in traits,
    ts: timestampFormats[traits['smithy.api#timestampFormat']],
    unique: 'smithy.api#uniqueItems' in traits || shape.type === 'set',
    sparse: 'smithy.api#sparse' in traits,
  };
  if (shape.type === 'structure' || shape.type === 'union') return structure(target, shape, traits, nameOf, ast);
  if (shape.type === 'list' || shape.type === 'set') return sparse({ t: 'list', ...bounds, of: compactMember('member', shape.member, nameOf, ast) });
  if (shape.type === 'map') {
    return sparse({ t: 'map', ...bounds, key: compactMember('key', shape.key, nameOf, ast), of: compactMember('value', shape.value, nameOf, ast) });
  }
  const values = shape.type === 'enum' ? Object.entries(shape.members).map(([name, value]) => value.traits?.['smithy.api#enumValue'] ?? name) : undefined;
  return sparse({ t: scalars[shape.type], ...bounds, enum: values ?? traits['smithy.api#enum']?.map((entry) => entry.value), mediaType: traits['smithy.api#mediaType'] });
}

function structure(target, shape, traits, nameOf, ast) {
  const members = Object.entries(shape.members ?? {});
  const error = traits['smithy.api#error'];
  const queryError = traits['aws.protocols#awsQueryError'];
  return sparse({
    t: 'structure',
    m: Object.fromEntries(members.map(([name, value]) => [name, compactMember(name, value, nameOf, ast)])),
    r: members.filter(([, value]) => value.traits && 'smithy.api#required' in value.traits).map(([name]) => name),
    union: shape.type === 'union',
    stream: 'smithy.api#streaming' in traits,
    err: error === undefined ? undefined : sparse({ status: traits['smithy.api#httpError'] ?? (error === 'server' ? 500 : undefined), code: queryError?.code, queryStatus: queryError?.httpResponseCode, fault: error === 'server' }),
    x: traits['smithy.api#xmlName'],
    ns: traits['smithy.api#xmlNamespace']?.uri,
    prefix: traits['smithy.api#xmlNamespace']?.prefix,
  });
}

function compactMember(name, value, nameOf, ast) {
  const traits = { ...(ast.shapes[value.target]?.traits ?? {}), ...(value.traits ?? {}) };
  const own = value.traits ?? {};
  const binding = bindingOf(own);
  const different = (wireName) => (wireName === undefined || wireName === name ? undefined : wireName);
  return member(nameOf(value.target), {
    in: binding?.location,
    n: different(binding ? binding.name : own['smithy.api#jsonName']),
    x: different(own['smithy.api#xmlName']),
    q: different(own['aws.protocols#ec2QueryName']),
    flat: 'smithy.api#xmlFlattened' in own,
    attr: 'smithy.api#xmlAttribute' in own,
    ns: own['smithy.api#xmlNamespace']?.uri,
    prefix: own['smithy.api#xmlNamespace']?.prefix,
    ts: timestampFormats[own['smithy.api#timestampFormat']],
    idem: 'smithy.api#idempotencyToken' in own,
    streaming: ast.shapes[value.target]?.type === 'blob' && 'smithy.api#streaming' in traits,
    eventPayload: 'smithy.api#eventPayload' in own,
    eventHeader: 'smithy.api#eventHeader' in own,
    hostLabel: 'smithy.api#hostLabel' in own,
    min: own['smithy.api#length']?.min ?? own['smithy.api#range']?.min,
    max: own['smithy.api#length']?.max ?? own['smithy.api#range']?.max,
    pattern: own['smithy.api#pattern'],
    media: 'smithy.api#mediaType' in traits && binding?.location === 'header' ? true : undefined,
  });
}

function bindingOf(traits) {
  if ('smithy.api#httpLabel' in traits) return { location: 'label' };
  if ('smithy.api#httpHeader' in traits) return { location: 'header', name: traits['smithy.api#httpHeader'] };
  if ('smithy.api#httpPrefixHeaders' in traits) return { location: 'prefixHeaders', name: traits['smithy.api#httpPrefixHeaders'] };
  if ('smithy.api#httpQuery' in traits) return { location: 'query', name: traits['smithy.api#httpQuery'] };
  if ('smithy.api#httpQueryParams' in traits) return { location: 'queryMap' };
  if ('smithy.api#httpResponseCode' in traits) return { location: 'status' };
  if ('smithy.api#httpPayload' in traits) return { location: 'payload' };
  return undefined;
}
