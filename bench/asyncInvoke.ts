// What it costs to accept an asynchronous invocation: the event is on disk before the 202. The function that runs them takes its part of
// the machine at the same time, as it would anywhere. `npm run bench -- asyncInvoke [--quick | --long]`.

import { createExecutionRole, createFunction } from '../test/support/functions.ts';
import { sdkClients } from '../test/support/sdkClients.ts';
import { signedHeaders, wholeRequest } from './support/loadHttp.ts';
import { measureLoad, type LoadBench } from './support/measureLoad.ts';

const event = { hello: 'world', list: [1, 2, 3], text: 'fifty-five bytes' };

await measureLoad<Buffer>({
  title: 'asyncInvoke',
  connections: 64,
  yardstickBody: event,
  setUp: async ({ server, warmUp }) => {
    const clients = sdkClients(server.endpoint);
    const Role = await createExecutionRole(clients);
    const name = await createFunction(clients.lambda, { Role, files: { 'index.js': 'exports.handler = async () => undefined;' } });
    clients.destroy();
    const headers = { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event', ...signedHeaders('lambda') };
    const request = wholeRequest(`POST /2015-03-31/functions/${name}/invocations`, headers, JSON.stringify(event));
    await warmUp(request);
    return request;
  },
  measure: async ({ load }: LoadBench, request) => void (await load('invoke, Event', request)),
  notes: () => ['the target is 0.2 of the yardstick'],
});
