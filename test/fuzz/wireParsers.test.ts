// Whatever a request holds, in whatever protocol, it costs its sender an error: no bug (500), no exception, nothing that lasts. Requests for
// real operations of every service whose model is known are built, broken, and served by services that take everything.
// HANEUL_FUZZ_ROUNDS makes the run longer, HANEUL_FUZZ_SEED repeats one.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { createLogger, type LogRecord } from '../../src/base/log.ts';
import { createSeededRandom } from '../../src/base/random.ts';
import { type ChainDeps, serveApi } from '../../src/framework/chain.ts';
import type { BoundOperation, BoundService } from '../../src/framework/service.ts';
import { createPolicyCache } from '../../src/policy/policyCache.ts';
import { createCatalogue } from '../../src/wire/identify.ts';
import { loadAllModels, type ServiceModel } from '../../src/wire/model.ts';
import { createSignatureVerifier } from '../../src/wire/sigv4.ts';
import type { ProtocolName } from '../../src/wire/types.ts';
import { createDice, type Dice } from './hostileStreams.ts';
import { breakRequest, type FuzzRequest, requestFor } from './wireRequests.ts';

const rounds = Number(process.env['HANEUL_FUZZ_ROUNDS'] ?? 1_500);
const seed = Number(process.env['HANEUL_FUZZ_SEED'] ?? Date.now() % 1_000_000);
const models = loadAllModels();
const protocols: readonly ProtocolName[] = ['awsJson1_0', 'awsJson1_1', 'awsQuery', 'ec2Query', 'restJson1', 'restXml', 'rpcv2Cbor'];

let handled = 0;
/** Takes everything, and reads what is streamed to its end. */
const swallow: BoundOperation = {
  access: 'public',
  async handle(input) {
    for (const value of Object.values(input)) if (value instanceof Readable) for await (const _ of value);
    handled += 1;
    return {};
  },
};

function serviceOf({ id, operationNames }: ServiceModel): BoundService {
  return { id, validationErrorCode: 'ValidationException', checksOwnInput: false, operationNames, refusedNames: [], tooLarge: undefined, servesAnonymous: true, find: () => swallow, requestBytesMax: () => 1_000_000 };
}

const bugs: LogRecord[] = [];
const deps: ChainDeps = {
  catalogue: createCatalogue(models),
  services: new Map(models.map((model) => [model.id, serviceOf(model)])),
  credentials: { findCredential: async () => undefined, policiesOf: async () => ({ identity: [] }) },
  signatures: createSignatureVerifier(),
  trustUnknownKeys: true,
  defaultAccount: '000000000000',
  defaultRegion: 'us-east-1',
  wallNow: () => 0,
  productNow: () => 0,
  iam: 'enforce',
  policies: createPolicyCache(),
  // Thousands of wrong hashes from one sender are the point here.
  failedSignatures: { requireAllowed: () => undefined, note: () => undefined },
  endpointOf: () => 'http://127.0.0.1:4566',
  newRequestId: () => 'request-1',
  bodyBytesMaxDefault: 1_000_000,
  log: createLogger((record) => void bugs.push(record), 'error'),
};

async function serve({ method, path, query, headers, body }: FuzzRequest): Promise<number> {
  const { status } = await serveApi(
    {
      head: { method, path, query, headers: { ...headers, 'content-length': String(body.length) } },
      sourceIp: '127.0.0.1',
      signal: new AbortController().signal,
      readBody: async (bytesMax, tooLarge) => {
        if (body.length > bytesMax) throw tooLarge();
        return body;
      },
    },
    deps,
  );
  return status;
}

const show = ({ method, path, query, headers, body }: FuzzRequest): string => JSON.stringify({ method, path, query, headers, body: body.toString('latin1').slice(0, 2_000) });

function pickRequest(protocol: ProtocolName, dice: Dice): FuzzRequest {
  const served = models.filter((model) => model.protocols.includes(protocol));
  const [first, ...others] = served;
  assert.ok(first, `no model speaks ${protocol}`);
  const model = dice.pick([first, ...others]);
  const operation = model.findOperation(model.operationNames[dice.below(model.operationNames.length)] ?? '');
  assert.ok(operation);
  return requestFor(operation, protocol, dice);
}

for (const protocol of protocols) {
  test(`serveApi takes broken requests of ${protocol} without a bug (seed ${seed})`, async () => {
    const dice = createDice(createSeededRandom(seed + protocols.indexOf(protocol)));
    handled = 0;
    const statuses = new Map<number, number>();
    for (let round = 0; round < rounds; round += 1) {
      const whole = pickRequest(protocol, dice);
      const request = dice.chance(0.2) ? whole : breakRequest(whole, dice);
      const status = await serve(request);
      assert.deepEqual(bugs.splice(0).map(({ fields }) => fields['stack']), [], `round ${round}: ${show(request)}`);
      assert.notEqual(status, 500, `round ${round}: ${show(request)}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    assert.ok(handled > rounds / 50 && handled < rounds, `${handled} of ${rounds} requests were fit to be served: too wild, or too tame, to prove anything (${JSON.stringify([...statuses])})`);
  });
}
