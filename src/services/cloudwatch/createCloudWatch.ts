import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { BoundService } from '../../framework/service.ts';
import type { MetricRecorder } from '../../ports/metrics.ts';
import { createEvaluation } from './alarms/evaluation.ts';
import type { CloudWatchDeps } from './operation.ts';
import { createRecorder } from './recorder.ts';
import { cloudWatch } from './service.ts';

export interface CloudWatchOptions extends Omit<CloudWatchDeps, 'recorder'> {
  readonly wall: Clock;
  readonly log: Logger;
}

export interface RunningCloudWatch {
  readonly service: BoundService;
  /** Where services of this server tell their metrics. */
  readonly recorder: MetricRecorder;
  /** Resolves when every alarm that is due has been looked at. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** The whole of CloudWatch: metrics and alarms. To be made before the timers start, and closed after those who record. */
export function createCloudWatch(options: CloudWatchOptions): RunningCloudWatch {
  const log = options.log.with({ service: 'cloudwatch' });
  const recorder = createRecorder({ ...options, log });
  const evaluation = createEvaluation({ ...options, log, recorder });
  options.timers.handle('cloudwatch', (tx, timer) => evaluation.fire(tx, timer));
  return {
    service: cloudWatch.bind({ ...options, recorder }),
    recorder,
    settle: () => evaluation.settle(),
    async close() {
      await evaluation.settle();
      await recorder.close();
    },
  };
}
