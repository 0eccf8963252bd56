import type { BoundService } from '../../framework/service.ts';
import type { PipesDeps } from './operation.ts';
import { createPipeRunner } from './running/pipeRunner.ts';
import { pipesService } from './service.ts';

export interface RunningPipes {
  readonly service: BoundService;
  /** Begins to move events: once everything else is there. */
  start(): void;
  /** Receives no more. */
  endPolling(): void;
  close(): Promise<void>;
}

/** The whole of EventBridge Pipes. */
export function createPipes(options: PipesDeps): RunningPipes {
  const deps: PipesDeps = { ...options, log: options.log.with({ service: 'pipes' }) };
  const runner = createPipeRunner(deps);
  return { service: pipesService.bind(deps), start: () => runner.start(), endPolling: () => runner.endPolling(), close: () => runner.stop() };
}
