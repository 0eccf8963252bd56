import type { BoundService } from '../../framework/service.ts';
import type { ImageReader } from '../../ports/imageReader.ts';
import { createLifecycleHandler } from './jobs/lifecycle.ts';
import type { EcrDeps } from './operation.ts';
import { createImageReader } from './provides.ts';
import { ecrService } from './service.ts';

export interface Ecr {
  readonly service: BoundService;
  /** Asked by services that run images. */
  readonly images: ImageReader;
}

/** The whole of Amazon ECR. Registers its timers, so it is made before they start. */
export function createEcr(deps: EcrDeps): Ecr {
  deps.timers.handle('ecr', createLifecycleHandler(deps));
  return { service: ecrService.bind(deps), images: createImageReader(deps) };
}
