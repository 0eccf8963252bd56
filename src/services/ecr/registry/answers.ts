// How the registry answers: https://github.com/opencontainers/distribution-spec/blob/main/spec.md, "Error Codes".
import type { ServiceError } from '../../../base/errors.ts';
import type { FrontAnswer } from '../../../framework/front.ts';

export type RegistryErrorCode =
  | 'BLOB_UNKNOWN' | 'BLOB_UPLOAD_INVALID' | 'BLOB_UPLOAD_UNKNOWN' | 'DIGEST_INVALID' | 'MANIFEST_BLOB_UNKNOWN' | 'MANIFEST_INVALID' | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID' | 'NAME_UNKNOWN' | 'SIZE_INVALID' | 'UNAUTHORIZED' | 'DENIED' | 'UNSUPPORTED' | 'TOOMANYREQUESTS' | 'TAG_INVALID';

export class RegistryError extends Error {
  readonly status: number;
  readonly code: RegistryErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: RegistryErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const version = { 'Docker-Distribution-Api-Version': 'registry/2.0' };

export function answer(status: number, headers: Readonly<Record<string, string>> = {}, body: FrontAnswer['body'] = ''): FrontAnswer {
  return { status, headers: { ...version, ...headers }, body };
}

export const answerJson = (value: unknown, headers: Readonly<Record<string, string>> = {}): FrontAnswer =>
  answer(200, { 'content-type': 'application/json; charset=utf-8', ...headers }, JSON.stringify(value));

export function answerError({ status, code, message, headers }: RegistryError): FrontAnswer {
  return answer(status, { 'content-type': 'application/json; charset=utf-8', ...headers }, JSON.stringify({ errors: [{ code, message }] }));
}

const translations: Readonly<Record<string, readonly [status: number, code: RegistryErrorCode]>> = {
  RepositoryNotFoundException: [404, 'NAME_UNKNOWN'],
  ImageNotFoundException: [404, 'MANIFEST_UNKNOWN'],
  ImageTagAlreadyExistsException: [400, 'TAG_INVALID'],
  ImageReferencedByManifestException: [400, 'UNSUPPORTED'],
  ImageDigestDoesNotMatchException: [400, 'DIGEST_INVALID'],
  LayersNotFoundException: [404, 'MANIFEST_BLOB_UNKNOWN'],
  ReferencedImagesNotFoundException: [404, 'MANIFEST_BLOB_UNKNOWN'],
  InvalidLayerException: [400, 'DIGEST_INVALID'],
  UploadNotFoundException: [404, 'BLOB_UPLOAD_UNKNOWN'],
  LimitExceededException: [413, 'SIZE_INVALID'],
  InvalidParameterException: [400, 'MANIFEST_INVALID'],
  AccessDeniedException: [403, 'DENIED'],
};

/** What the API would have answered, as the registry says it; undefined for what has no words there. */
export function translate(error: ServiceError): RegistryError | undefined {
  const known = translations[error.code];
  return known && new RegistryError(known[0], known[1], error.message);
}
