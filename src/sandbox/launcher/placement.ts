import { runtimeApiPort } from '../limits.ts';
import type { Placement } from './launcher.ts';

/** Where everything is for code that has a root of its own. */
export const placementInside: Placement = {
  taskFolder: '/var/task',
  layersFolder: '/opt',
  runtimeFolder: '/var/runtime',
  temporaryFolder: '/tmp',
  runtimeApiAddress: `127.0.0.1:${runtimeApiPort}`,
};
