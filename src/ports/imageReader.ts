// What services that run container images ask of the registry.

/** Who wants to run an image: a service, for a resource of an account. */
export interface ImageAsker {
  /** `lambda.amazonaws.com`. */
  readonly service: string;
  readonly account: string;
  readonly region: string;
  /** What it is for: a function's ARN. */
  readonly sourceArn: string;
  readonly nowMs: number;
  /** Whether whoever asked the service may read the repository too (Lambda user guide: the caller needs BatchGetImage and GetDownloadUrlForLayer). */
  readonly permits?: (access: { readonly action: string; readonly resource: string; readonly resourcePolicy?: string }) => Promise<boolean>;
}

/** A tagged or digested image in a repository. */
export interface ImageAddress {
  readonly account: string;
  readonly region: string;
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string;
}

export interface FoundManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly text: string;
}

/** Why there is no image: each service has its own words for it. */
export interface ImageProblem {
  readonly problem: 'no-repository' | 'no-image' | 'denied';
}

export interface ImageReader {
  /** The address that an image URI of a registry of this server means; undefined for every other text. */
  parse(uri: string): ImageAddress | undefined;
  /** Reads a manifest, if the repository's policy lets the asker. */
  readManifest(address: ImageAddress, asker: ImageAsker): Promise<FoundManifest | ImageProblem>;
  /** A small blob: an image's configuration. Undefined when there is none, or a larger one. */
  readBlob(address: ImageAddress, digest: string, bytesMax: number): Promise<Buffer | undefined>;
  /** The file of a layer, which stays until `release`; undefined when the registry has it no more. */
  holdBlob(address: ImageAddress, digest: string): Promise<{ readonly path: string; readonly bytes: number; release(): void } | undefined>;
}
