import { imageRuntimeFolder } from '../image/mountPoints.ts';
import { runtimeApiPort } from '../limits.ts';
import type { Placement } from './launcher.ts';

/** The same in the root of a container image, whose own runtime folder stays visible. */
export const placementInImage: Placement = {
  taskFolder: '/var/task',
  layersFolder: '/opt',
  runtimeFolder: imageRuntimeFolder,
  temporaryFolder: '/tmp',
  runtimeApiAddress: `127.0.0.1:${runtimeApiPort}`,
};

/** Where everything is for code that has a root of its own. */
export const placementInside: Placement = {
  taskFolder: '/var/task',
  layersFolder: '/opt',
  runtimeFolder: '/var/runtime',
  temporaryFolder: '/tmp',
  runtimeApiAddress: `127.0.0.1:${runtimeApiPort}`,
};
