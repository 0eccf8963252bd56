// The registry that docker, skopeo, buildah and crane speak to: https://github.com/opencontainers/distribution-spec/blob/main/spec.md.
// Clients log in as AWS's documentation has it: the user `AWS` with the token of GetAuthorizationToken as the password.
import { ServiceError } from '../../../base/errors.ts';
import type { AccessRequest, Call } from '../../../framework/context.ts';
import type { FrontAnswer, FrontRequest } from '../../../framework/front.ts';
import type { Scope } from '../../../kv/table.ts';
import { isRepositoryName, registryHost, registryOfHost, repositoryArn } from '../domain/names.ts';
import { openToken } from '../domain/token.ts';
import { repositoryAccess } from '../operation.ts';
import type { EcrDeps } from '../operation.ts';
import { repositories } from '../store.ts';
import { RegistryError, answerError, answerJson, translate } from './answers.ts';
import { answerBlob, answerUpload, beginUploadFor, downloadByLink } from './blobs.ts';
import { answerManifest, listReferrers, listTagNames } from './manifests.ts';
import { countOf, nextLink } from './visit.ts';
import type { Visit } from './visit.ts';

/** Answers what is for the registry; undefined for the operations of the API. */
export async function answerRegistry(request: FrontRequest, deps: EcrDeps): Promise<FrontAnswer | undefined> {
  const { head } = request;
  if (head.headers['x-amz-target'] !== undefined || !/^\/v2(?:\/|$)/.test(head.path)) return undefined;
  try {
    return await serve(request, deps);
  } catch (error) {
    const told = error instanceof RegistryError ? error : error instanceof ServiceError ? translate(error) : undefined;
    if (told === undefined) throw error;
    return answerError(told);
  }
}

const routes = /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests|tags|referrers)(?:\/([^/]*))?$/;

async function serve(request: FrontRequest, deps: EcrDeps): Promise<FrontAnswer> {
  const { head } = request;
  const query = new URLSearchParams(head.query);
  const path = decodeURIComponent(head.path);
  const linked = query.get('ecr-token');
  if (linked !== null) return downloadByLink(request, linked, deps);
  const { call, scope } = await identify(request, deps);
  if (/^\/v2\/?$/.test(path)) return answerJson({});
  if (path === '/v2/_catalog') return listCatalogue({ call, scope, query, deps });
  const [, name = '', kind, rest = ''] = routes.exec(path) ?? [];
  if (kind === undefined) throw new RegistryError(404, 'UNSUPPORTED', 'The operation is unsupported.');
  if (!isRepositoryName(name)) throw new RegistryError(400, 'NAME_INVALID', `Invalid repository name '${name}'`);
  const visit: Visit = { request, query, call, scope, name, deps, allow: async (action) => authorise(call, await repositoryAccess(action, scope, name, deps)) };
  if (kind === 'blobs/uploads') return rest === '' ? beginUploadFor(visit) : answerUpload(visit, rest);
  if (kind === 'blobs') return answerBlob(visit, rest);
  if (kind === 'manifests') return answerManifest(visit, rest);
  if (kind === 'tags' && rest === 'list' && head.method === 'GET') return listTagNames(visit);
  if (kind === 'referrers' && head.method === 'GET') return listReferrers(visit, rest);
  throw new RegistryError(405, 'UNSUPPORTED', 'The operation is unsupported.');
}

/** Who asks, and which registry: that of the host, or the one that the token was made in. */
async function identify(request: FrontRequest, { sealKey, clock }: EcrDeps): Promise<{ readonly call: Call; readonly scope: Scope }> {
  const { head } = request;
  const byHost = registryOfHost(head.headers['host'] ?? '');
  const [, encoded] = /^Basic +(.+)$/i.exec(head.headers['authorization'] ?? '') ?? [];
  if (encoded === undefined) throw unauthorised(request, byHost, 'Not Authorized');
  const [, password = ''] = /^AWS:(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  const token = openToken(password, sealKey);
  if (token?.kind !== 'login') throw unauthorised(request, byHost, 'Not Authorized');
  if (token.expiresAtMs <= clock.now()) throw new RegistryError(403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.');
  const scope = byHost ?? { account: token.account, region: token.region };
  try {
    return { call: await request.holderCall({ accessKeyId: token.accessKeyId, account: token.account, region: scope.region }), scope };
  } catch (error) {
    // The key has gone, or the session has ended.
    if (error instanceof ServiceError) throw unauthorised(request, byHost, 'Not Authorized');
    throw error;
  }
}

function unauthorised({ head }: FrontRequest, scope: Scope | undefined, message: string): RegistryError {
  const scheme = head.secure === true ? 'https' : 'http';
  const host = head.headers['host'] ?? 'localhost';
  const realm = scope === undefined ? `${scheme}://${host}/` : `${scheme}://${registryHost(scope, `${scheme}://${host}`)}/`;
  return new RegistryError(401, 'UNAUTHORIZED', message, { 'www-authenticate': `Basic realm="${realm}",service="ecr.amazonaws.com"` });
}

async function authorise(call: Call, access: AccessRequest): Promise<void> {
  await call.authorise(access);
}

async function listCatalogue({ call, scope, query, deps }: Pick<Visit, 'call' | 'scope' | 'query' | 'deps'>): Promise<FrontAnswer> {
  await authorise(call, { action: 'ecr:DescribeRepositories', resource: repositoryArn(scope, '*') });
  const limit = countOf(query, 100);
  const last = query.get('last');
  const rows = await deps.store.read((tx) => repositories.list(tx, scope, [], { limit: limit + 1, ...(last === null ? {} : { after: [last] }) }));
  const names = rows.slice(0, limit).map(({ parts: [name] }) => String(name));
  return answerJson({ repositories: names }, rows.length > limit ? nextLink('/v2/_catalog', limit, names.at(-1) ?? '') : {});
}
