// From the URI of a request to what a function keeps. The words of refusals are Lambda's where they are known.
import { ServiceError } from '../../../base/errors.ts';
import type { Call } from '../../../framework/context.ts';
import type { FoundManifest } from '../../../ports/imageReader.ts';
import { errors } from '../errors.ts';
import { functionArn } from '../domain/functionName.ts';
import type { FunctionReference } from '../domain/functionName.ts';
import type { LambdaContext } from '../operation.ts';
import { configDigestOf, layersOf, programOf } from './imageDocument.ts';
import type { ImageDocument, ImageProgram } from './imageDocument.ts';
import { configurationBytesMax } from './limits.ts';

export interface ResolvedImage {
  readonly uri: string;
  /** The same by digest. */
  readonly resolvedUri: string;
  readonly document: ImageDocument;
  readonly program: ImageProgram;
}

const unsupported = (uri: string): ServiceError => errors.invalidParameter(`The image manifest, config or layer media type for the source image ${uri} is not supported.`);

/** Looks an image up in the registry, in the name of the caller and of Lambda. */
export async function resolveImage(uri: string, reference: FunctionReference, architecture: string, call: Call, { images }: Pick<LambdaContext, 'images'>): Promise<ResolvedImage> {
  const address = images?.parse(uri);
  if (images === undefined || address === undefined) throw errors.invalidParameter(`Source image ${uri} is not valid. Provide a valid source image.`);
  // User guide, "Create a Lambda function using a container image": the repository is in the region of the function.
  if (address.region !== reference.region) throw errors.invalidParameter(`Source image ${uri} is not valid. The image repository must be in the same region as the function (${reference.region}).`);
  const found = await images.readManifest(address, {
    service: 'lambda.amazonaws.com', account: reference.account, region: reference.region, sourceArn: functionArn(reference, reference.name), nowMs: call.nowMs, permits: call.permits,
  });
  if ('problem' in found) {
    if (found.problem === 'denied') throw new ServiceError('AccessDeniedException', 'Lambda does not have permission to access the ECR image. Check the ECR permissions.', { status: 403 });
    throw errors.invalidParameter(`Source image ${uri} does not exist. Provide a valid source image.`);
  }
  const config = await readConfig(found);
  const document: ImageDocument = { address, digest: found.digest, manifest: found.text, config };
  const program = programOf(document);
  if (layersOf(document) === undefined || program.architecture === undefined) throw unsupported(uri);
  // DEVIATION: AWS takes such an image, and its functions fail when they are invoked.
  if (program.architecture !== architecture) throw errors.invalidParameter(`The source image ${uri} was built for ${program.architecture}, and the function is declared for ${architecture}. Provide Architectures: ${program.architecture}.`);
  return { uri, resolvedUri: `${uri.slice(0, uri.indexOf('/'))}/${address.repository}@${found.digest}`, document, program };

  async function readConfig({ text }: FoundManifest): Promise<string> {
    const digest = configDigestOf(text);
    const body = digest === undefined || address === undefined ? undefined : await images?.readBlob(address, digest, configurationBytesMax);
    if (body === undefined) throw unsupported(uri);
    return body.toString('utf8');
  }
}
