import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { BoundService } from '../../framework/service.ts';
import type { MetricRecorder } from '../../ports/metrics.ts';
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
  close(): Promise<void>;
}

/** The whole of CloudWatch's metrics. To be made before the timers start, and closed after those who record. */
export function createCloudWatch(options: CloudWatchOptions): RunningCloudWatch {
  const recorder = createRecorder({ ...options, log: options.log.with({ service: 'cloudwatch' }) });
  return {
    service: cloudWatch.bind({ ...options, recorder }),
    recorder,
    close: () => recorder.close(),
  };
}
