import type { Placement } from './launcher.ts';
import { runtimeApiAddress } from './listenInNamespace.ts';

/** Where everything is for code that has a root of its own. */
export const placementInside: Placement = {
  taskFolder: '/var/task',
  layersFolder: '/opt',
  runtimeFolder: '/var/runtime',
  temporaryFolder: '/tmp',
  runtimeApiAddress,
};
