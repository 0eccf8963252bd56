import type { Clock } from '../base/clock.ts';
import { assert, type NoSpaceError } from '../base/errors.ts';
import { uuid } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import type { ChainDeps } from '../framework/chain.ts';
import type { DenialLog } from '../framework/denialLog.ts';
import { createActionCatalogue } from '../policy/actionCatalogue.ts';
import { createFailedSignatures } from '../framework/failedSignatures.ts';
import { createPolicyCache } from '../policy/policyCache.ts';
import { findAccessProblem } from '../policy/vetAccess.ts';
import { createCatalogue } from '../wire/identify.ts';
import { loadAllModels } from '../wire/model.ts';
import { createSignatureVerifier } from '../wire/sigv4.ts';
import type { Composition, Foundation } from './composition.ts';
import { bodyBytesMaxDefault } from './limits.ts';
import { createRequestMetrics } from './metrics/requestMetrics.ts';
import { isLocalMode } from './options.ts';

/** What requests are served with: it changes with every reset. */
export interface ApiState {
  readonly composition: Composition;
  readonly chain: ChainDeps;
  /** What was denied of late, for `haneul why`. */
  readonly denials: DenialLog;
}

/** Prepares the handler chain for one composition. */
export function createApiState(composition: Composition, foundation: Foundation): ApiState {
  const { options, log, random, wall, metrics } = foundation;
  const { denials } = composition;
  return {
    composition,
    denials,
    chain: {
      catalogue,
      services: composition.services,
      credentials: composition.credentials,
      trustUnknownKeys: isLocalMode(options),
      defaultAccount: options.account,
      defaultRegion: options.region,
      wallNow: () => wall.now(),
      productNow: () => composition.clock.now(),
      iam: options.iam,
      policies: createPolicyCache(),
      denials,
      messages: composition.messages,
      use: composition.use,
      audit: composition.audit,
      ...(options.vetAccess && { vetAccess: createAccessVetting() }),
      signatures: createSignatureVerifier(),
      failedSignatures: createFailedSignatures(() => wall.now()),
      endpointOf: (head) => `${head.secure ? 'https' : 'http'}://${head.headers['host'] ?? `${options.host}:${options.port}`}`,
      newRequestId: () => uuid(random),
      bodyBytesMaxDefault,
      log,
      onNoSpace: createNoSpaceNotice(log, wall),
      recordRequest: createRequestMetrics(metrics),
    },
  };
}

function createAccessVetting(): NonNullable<ChainDeps['vetAccess']> {
  const actions = createActionCatalogue();
  return (access) => {
    const problem = findAccessProblem(access, actions);
    assert(problem === undefined, 'an operation asks for a permission that AWS does not know', { problem });
  };
}

const noSpaceNoticeMs = 60_000;

// A full disk fails every write: it is said once a minute, not once a request.
function createNoSpaceNotice(log: Logger, wall: Clock): (error: NoSpaceError) => void {
  let saidMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (wall.now() - saidMs < noSpaceNoticeMs) return;
    saidMs = wall.now();
    log.error(error.message, { remedy: error.hint });
  };
}

// Every model is served, so that a request for a service without handlers is still refused in that service's own protocol.
const catalogue = createCatalogue(loadAllModels());
