// What a pipe writes to a log group about its work. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-logs.html

import type { Clock } from '../../../base/clock.ts';
import { parseLogGroupArn } from '../domain/targets.ts';
import { pipeArn } from '../domain/names.ts';
import { loggedPayloadChars } from '../limits.ts';
import type { LogGroups } from '../operation.ts';
import type { PipeRow } from '../store.ts';

// The page's table "Log levels": what is written at which level and above.
const levelOf = {
  ExecutionStarted: 'INFO',
  ExecutionSucceeded: 'INFO',
  ExecutionPartiallyFailed: 'ERROR',
  ExecutionFailed: 'ERROR',
  EnrichmentStageEntered: 'INFO',
  EnrichmentInvocationStarted: 'TRACE',
  EnrichmentInvocationSucceeded: 'TRACE',
  EnrichmentInvocationFailed: 'ERROR',
  EnrichmentStageSucceeded: 'INFO',
  EnrichmentStageFailed: 'ERROR',
  EnrichmentTransformationFailed: 'ERROR',
  TargetStageEntered: 'INFO',
  TargetInvocationStarted: 'TRACE',
  TargetInvocationSucceeded: 'TRACE',
  TargetInvocationPartiallyFailed: 'ERROR',
  TargetInvocationFailed: 'ERROR',
  TargetStageSucceeded: 'INFO',
  TargetStagePartiallyFailed: 'ERROR',
  TargetStageFailed: 'ERROR',
  TargetTransformationFailed: 'ERROR',
} as const;

export type PipeStep = keyof typeof levelOf;

const rank = { ERROR: 0, INFO: 1, TRACE: 2 } as const;

/** Notes one step of an execution. */
export type ExecutionLog = (step: PipeStep, more?: { readonly payload?: () => string; readonly problem?: string }) => void;

export interface PipeLog {
  execution(executionId: string): ExecutionLog;
}

export function createPipeLog(pipe: PipeRow, { logs, clock }: { readonly logs: LogGroups; readonly clock: Clock }): PipeLog {
  const { logging } = pipe;
  const group = logging && parseLogGroupArn(logging.logGroupArn);
  return {
    execution: (executionId) => (messageType, { payload, problem } = {}) => {
      if (!logging || !group || rank[levelOf[messageType]] > rank[logging.level]) return;
      const timestampMs = Math.floor(clock.now());
      const record = {
        ...{ resourceArn: pipeArn(pipe), timestamp: timestampMs, executionId, messageType, logLevel: levelOf[messageType] },
        ...(problem === undefined ? {} : { error: { message: problem } }),
        ...(logging.includesData && payload ? { payload: payload().slice(0, loggedPayloadChars), truncatedFields: [] } : {}),
      };
      logs.sink.append({ ...group, logStreamName: `aws/pipes/${pipe.name}` }, [{ timestampMs, message: JSON.stringify(record) }]);
    },
  };
}
