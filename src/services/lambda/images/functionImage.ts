// The settings of a function with PackageType Image: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
import type { CreateFunctionRequest, FunctionConfiguration, ImageConfig } from '@aws-sdk/client-lambda';
import type { ImageSpec } from '../../../sandbox/types.ts';
import { errors } from '../errors.ts';
import type { FunctionImage, ImageOverrides } from '../store.ts';
import type { ResolvedImage } from './resolveImage.ts';

const programBytesMax = 48 * 1_024;

/** Throws when settings of the two types of package are mixed, in Lambda's words. */
export function requirePackageType({ PackageType, Runtime, Handler, Layers, Code, ImageConfig }: CreateFunctionRequest): 'Image' | 'Zip' {
  const uri = Code?.ImageUri;
  if (PackageType !== 'Image') {
    if (ImageConfig !== undefined) throw errors.invalidParameter('ImageConfig is only supported for functions with PackageType Image.');
    if (uri !== undefined && Runtime && Handler) throw errors.invalidParameter("Please don't provide ImageUri when creating a function with packageType Zip.");
    return 'Zip';
  }
  if (Runtime || Handler || (Layers ?? []).length > 0) throw errors.invalidParameter("Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image.");
  const { ZipFile, S3Bucket, S3Key, S3ObjectVersion } = Code ?? {};
  if (uri === undefined || [ZipFile, S3Bucket, S3Key, S3ObjectVersion].some((member) => member !== undefined)) {
    throw errors.invalidParameter('Please provide ImageUri when creating a function with packageType Image.');
  }
  return 'Image';
}

/** What a version keeps of its image. */
export function functionImage({ uri, resolvedUri, program }: ResolvedImage, config: ImageOverrides | undefined): FunctionImage {
  if (JSON.stringify(program).length > programBytesMax) throw errors.invalidImage('its environment, entry point and command are too long');
  return { uri, resolvedUri, program, ...(config === undefined || Object.keys(config).length === 0 ? {} : { config }) };
}

/** Empty lists and texts are as good as none: what the image says holds. */
export function overridesOf(config: ImageConfig | undefined): ImageOverrides | undefined {
  if (config === undefined) return undefined;
  const { EntryPoint = [], Command = [], WorkingDirectory = '' } = config;
  if (WorkingDirectory !== '' && !WorkingDirectory.startsWith('/')) throw errors.invalidParameter('The WorkingDirectory of an ImageConfig must be an absolute path.');
  if ([...EntryPoint, ...Command, WorkingDirectory].some((text) => text.includes('\0'))) throw errors.invalidParameter('An ImageConfig must not contain null characters.');
  return {
    ...(EntryPoint.length === 0 ? {} : { entryPoint: EntryPoint }),
    ...(Command.length === 0 ? {} : { command: Command }),
    ...(WorkingDirectory === '' ? {} : { workingDirectory: WorkingDirectory }),
  };
}

/** Entry point, command and folder, each the function's own or else the image's. As in Docker, an entry point of the function's leaves no command of the image's. */
export function programToRun({ program, config = {} }: FunctionImage): ImageSpec {
  const command = config.command ?? (config.entryPoint === undefined ? program.command : []);
  const folder = config.workingDirectory ?? program.workingDirectory;
  return { command: [...(config.entryPoint ?? program.entryPoint), ...command], workingFolder: folder.startsWith('/') ? folder : `/${folder}` };
}

export function describeImageConfig({ config }: FunctionImage): Pick<FunctionConfiguration, 'ImageConfigResponse'> {
  if (config === undefined) return {};
  const { entryPoint, command, workingDirectory } = config;
  return {
    ImageConfigResponse: {
      ImageConfig: {
        ...(entryPoint === undefined ? {} : { EntryPoint: [...entryPoint] }),
        ...(command === undefined ? {} : { Command: [...command] }),
        ...(workingDirectory === undefined ? {} : { WorkingDirectory: workingDirectory }),
      },
    },
  };
}
