// One invocation, counted in, served by an environment that is provisioned for it or by any, and counted out.
import type { Clock } from '../../../base/clock.ts';
import { ServiceError } from '../../../base/errors.ts';
import type { MetricRecorder } from '../../../ports/metrics.ts';
import type { Admission, ConcurrencyRules } from './admission.ts';
import type { Deployment } from './deployment.ts';
import type { InvocationInput, InvocationResult } from './executionEnvironment.ts';
import { createInvocationMetrics } from './invocationMetrics.ts';
import type { Provisioned, Taken } from './provisioned.ts';

export interface InvocationRules extends ConcurrencyRules {
  /** The version or alias that was named. */
  readonly qualifier: string | undefined;
}

export interface AdmittanceDeps {
  /** CloudWatch. */
  readonly recorder: MetricRecorder;
  readonly clock: Clock;
  readonly admission: Admission;
  readonly provisioned: Provisioned;
  /** In an environment that is warm, or a new one. */
  readonly serve: (deployment: Deployment, input: InvocationInput) => Promise<InvocationResult>;
}

export type Admit = (deployment: Deployment, rules: InvocationRules, input: InvocationInput) => Promise<InvocationResult>;

export function createAdmittance({ recorder, clock, admission, provisioned, serve }: AdmittanceDeps): Admit {
  const reports = createInvocationMetrics(recorder, clock);

  async function admit(deployment: Deployment, rules: InvocationRules, input: InvocationInput): Promise<InvocationResult> {
    const { place, name } = deployment;
    const figures = { deployment, invokedFunctionArn: input.invokedFunctionArn };
    const taken = rules.provisioned === 0 ? undefined : provisioned.take(deployment, rules.qualifier);
    const leave = taken === undefined ? admission.enter(place, name, rules) : enterTaken(taken, deployment, rules);
    try {
      reports.started(figures, admission.running(place, name));
      const status = rules.provisioned === 0 ? undefined : provisioned.statusFor(deployment, rules.qualifier);
      if (status !== undefined) reports.provisioned(figures, { ...status, served: taken !== undefined });
      const result = await (taken === undefined ? serve(deployment, input) : serveTaken(taken, input));
      reports.ended(figures, result.ranMs, result.failed);
      return result;
    } finally {
      leave();
    }
  }

  function enterTaken(taken: Taken, { place, name }: Deployment, rules: InvocationRules): () => void {
    try {
      return admission.enterProvisioned(place, name, rules);
    } catch (error) {
      taken.giveBack(false);
      throw error;
    }
  }

  return async (deployment, rules, input) => {
    try {
      return await admit(deployment, rules, input);
    } catch (error) {
      const throttled = error instanceof ServiceError && error.code === 'TooManyRequestsException';
      if (throttled) reports.throttled({ deployment, invokedFunctionArn: input.invokedFunctionArn });
      throw error;
    }
  };
}

async function serveTaken({ environment, giveBack }: Taken, input: InvocationInput): Promise<InvocationResult> {
  let broken = true;
  try {
    const result = await environment.run(input);
    broken = false;
    return result;
  } finally {
    giveBack(broken);
  }
}
