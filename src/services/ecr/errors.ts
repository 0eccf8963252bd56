import { ServiceError } from '../../base/errors.ts';

const make = (code: string, message: string): ServiceError => new ServiceError(code, message, { status: 400 });

/** In the service's own words, as its clients have recorded them. */
export const errors = {
  invalidParameter: (message: string) => make('InvalidParameterException', `Invalid parameter at ${message}`),
  repositoryNotFound: (name: string, registry: string) =>
    make('RepositoryNotFoundException', `The repository with name '${name}' does not exist in the registry with id '${registry}'`),
  repositoryExists: (name: string, registry: string) =>
    make('RepositoryAlreadyExistsException', `The repository with name '${name}' already exists in the registry with id '${registry}'`),
  repositoryNotEmpty: (name: string, registry: string) =>
    make('RepositoryNotEmptyException', `The repository with name '${name}' in registry with id '${registry}' cannot be deleted because it still contains images`),
  imageNotFound: (what: string, name: string, registry: string) =>
    make('ImageNotFoundException', `The image with imageId {${what}} does not exist within the repository with name '${name}' in the registry with id '${registry}'`),
  imageExists: (digest: string, tag: string | undefined, name: string, registry: string) =>
    make(
      'ImageAlreadyExistsException',
      `Image with digest '${digest}' and tag '${tag ?? 'null'}' already exists in the repository with name '${name}' in registry with id '${registry}'`,
    ),
  tagImmutable: (tag: string, name: string, rule?: string) =>
    make('ImageTagAlreadyExistsException', `The image tag '${tag}' already exists in the '${name}' repository and cannot be overwritten because the ${rule ?? 'repository'} is immutable.`),
  digestMismatch: () => make('ImageDigestDoesNotMatchException', 'The specified image digest does not match the digest calculated by Amazon ECR for the image.'),
  referencedByManifest: (digest: string, parents: readonly string[]) =>
    make('ImageReferencedByManifestException', `Requested image referenced by manifest list: [${parents.join(', ')}] (${digest})`),
  layersNotFound: (digests: readonly string[], name: string, registry: string) =>
    make('LayersNotFoundException', `The layers with digests [${digests.map((digest) => `'${digest}'`).join(', ')}] required for pushing image into repository with name '${name}' in the registry with id '${registry}' do not exist`),
  referencedImagesNotFound: (digests: readonly string[], name: string, registry: string) =>
    make('ReferencedImagesNotFoundException', `Images with digests [${digests.map((digest) => `'${digest}'`).join(', ')}] required for pushing image into repository with name '${name}' in the registry with id '${registry}' do not exist`),
  layersUnavailable: (digest: string, name: string, registry: string) =>
    make('LayersNotFoundException', `The layer with digest '${digest}' does not exist in the repository with name '${name}' in registry with id '${registry}'`),
  uploadNotFound: (uploadId: string, name: string, registry: string) =>
    make('UploadNotFoundException', `Upload ID '${uploadId}' was not found in the repository with name '${name}' in the registry with id '${registry}'`),
  emptyUpload: (uploadId: string) => make('EmptyUploadException', `The specified layer upload '${uploadId}' does not contain any layer parts.`),
  layerExists: (digest: string, name: string, registry: string) =>
    make('LayerAlreadyExistsException', `Layer with digest '${digest}' already exists in repository with name '${name}' in registry with id '${registry}'`),
  invalidLayer: (declared: string, actual: string) => make('InvalidLayerException', `Layer digest '${declared}' does not match the digest of what was uploaded, '${actual}'.`),
  layerPartTooSmall: (first: number, last: number) =>
    make('LayerPartTooSmallException', `Layer parts must be at least 5242880 bytes in size, and the part from ${first} to ${last} is smaller.`),
  invalidLayerPart: (uploadId: string, registry: string, name: string, lastValid: number) =>
    new ServiceError('InvalidLayerPartException', `The layer part size is not valid, or the first byte specified is not consecutive to the last byte of a previous layer part upload.`, {
      status: 400,
      members: { registryId: registry, repositoryName: name, uploadId, lastValidByteReceived: lastValid },
    }),
  policyNotFound: (name: string, registry: string) =>
    make('RepositoryPolicyNotFoundException', `Repository policy does not exist for the repository with name '${name}' in the registry with id '${registry}'`),
  lifecycleNotFound: (name: string, registry: string) =>
    make('LifecyclePolicyNotFoundException', `Lifecycle policy does not exist for the repository with name '${name}' in the registry with id '${registry}'`),
  previewNotFound: (name: string, registry: string) =>
    make('LifecyclePolicyPreviewNotFoundException', `Lifecycle policy preview does not exist for the repository with name '${name}' in the registry with id '${registry}'`),
  limitExceeded: (message: string) => make('LimitExceededException', message),
  tooManyTags: () => make('TooManyTagsException', 'The list of tags on the repository is over the limit. The maximum number of tags that can be applied to a repository is 50.'),
  /** What exists on AWS and not here: named, never ignored. */
  unsupported: (what: string) => make('InvalidParameterException', `Haneul does not implement ${what} yet.`),
};
