import type { Call } from './context.ts';

export interface ObjectToRead {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
  /** A longer one is refused by `tooLarge`. */
  readonly bytesMax: number;
  readonly tooLarge: () => Error;
}

/** What S3 does for services that take a file from a bucket (Lambda's packages): reads in the name of the caller, and refuses as S3 does. */
export interface ObjectReader {
  read(call: Call, object: ObjectToRead): Promise<Uint8Array>;
}
