import { ServiceError } from '../../../base/errors.ts';
import type { Call } from '../../../framework/context.ts';
import type { LambdaContext } from '../operation.ts';
import { errors } from '../errors.ts';
import { zippedBytesFromBucketMax, zippedBytesMax } from '../limits.ts';

/** Where a request says that its package is. */
export interface PackageSource {
  readonly ZipFile?: Uint8Array | undefined;
  readonly S3Bucket?: string | undefined;
  readonly S3Key?: string | undefined;
  readonly S3ObjectVersion?: string | undefined;
}

/** The package of a request: in it, or in a bucket that the caller may read. */
export async function readPackage(source: PackageSource | undefined, call: Call, { objects }: Pick<LambdaContext, 'objects'>): Promise<Uint8Array> {
  const { ZipFile, S3Bucket: bucket, S3Key: key, S3ObjectVersion: versionId } = source ?? {};
  if (ZipFile !== undefined && (bucket !== undefined || key !== undefined)) throw errors.invalidParameter('Please do not provide other FunctionCode parameters when providing a ZipFile.');
  if (ZipFile !== undefined && ZipFile.length > zippedBytesMax) throw errors.zippedTooLarge(zippedBytesMax);
  if (ZipFile !== undefined) return ZipFile;
  if (bucket === undefined || key === undefined) throw errors.invalidParameter('Please provide a source for function code.');
  if (!objects) throw errors.notSupported('the setting Code.S3Bucket', 'Upload the package with ZipFile.');
  try {
    const tooLarge = (): Error => errors.invalidParameter(`Unzipped size must be smaller than ${zippedBytesFromBucketMax} bytes`);
    return await objects.read(call, { bucket, key, versionId, bytesMax: zippedBytesFromBucketMax, tooLarge });
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code === 'InvalidParameterValueException') throw error;
    const told = `S3 Error Code: ${error.code}. S3 Error Message: ${error.message}`;
    if (/^AccessDenied/.test(error.code)) {
      const message = `Your access has been denied by S3, please make sure your request credentials have permission to GetObject for ${bucket}/${key}. ${told}`;
      throw new ServiceError('AccessDeniedException', message, { status: 403 });
    }
    throw errors.invalidParameter(`Error occurred while GetObject. ${told}`);
  }
}
