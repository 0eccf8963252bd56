import { once } from 'node:events';
import { createServer } from 'node:net';
import { silentLogger } from '../../base/log.ts';
import { systemErrorCode, UserFacingError } from '../../base/errors.ts';
import { defaultOptions } from '../../server/options.ts';
import { startServer } from '../loadServer.ts';
import { fetchHealth, NotRunningError, type Health, type ServerLocation } from '../serverConnection.ts';
import type { Terminal } from '../terminal.ts';
import type { Check } from './check.ts';

export interface ServerFindings {
  readonly checks: readonly Check[];
  /** Of the running server, or of the one started for this look; undefined when none starts. */
  readonly machine: Pick<Health, 'guarantees' | 'interpreters'> | undefined;
}

/** Asks the running server, or starts one in memory on a free port, looks, and stops it. */
export async function checkServer(location: ServerLocation, terminal: Terminal): Promise<ServerFindings> {
  try {
    const health = await fetchHealth(location, terminal);
    const text = `version ${health.version ?? 'unknown'} answers on ${location.endpoint}`;
    return { checks: [{ name: 'Server', state: 'ok', text }], machine: health };
  } catch (error) {
    if (!(error instanceof UserFacingError)) throw error;
    const port = await checkPort(location, error);
    return await tryStart(port);
  }
}

async function checkPort(location: ServerLocation, silence: UserFacingError): Promise<Check> {
  const { hostname, port } = new URL(location.endpoint);
  const number = Number(port || 80);
  if (!(silence instanceof NotRunningError)) return { name: 'Server', state: 'warn', text: silence.message, ...(silence.hint ? { remedy: silence.hint } : {}) };
  const probe = createServer();
  try {
    probe.listen(number, hostname.replace(/^\[|\]$/g, ''));
    await once(probe, 'listening');
    return { name: 'Port', state: 'ok', text: `${number} on ${hostname} is free` };
  } catch (error) {
    const code = systemErrorCode(error);
    const text = code === 'EADDRINUSE' ? `${number} is used by another program` : `${number} on ${hostname} cannot be opened (${code ?? String(error)})`;
    return { name: 'Port', state: 'fail', text, remedy: `choose another: npx haneul start --port ${number + 1}` };
  } finally {
    probe.close();
  }
}

async function tryStart(port: Check): Promise<ServerFindings> {
  try {
    const server = await startServer({ ...defaultOptions, port: 0, dataFolder: undefined, log: silentLogger });
    await server.stop();
    const { guarantees, interpreters } = server;
    return { checks: [port, { name: 'Server', state: 'ok', text: 'not running here; a trial start in memory worked' }], machine: { guarantees, interpreters } };
  } catch (error) {
    const text = `does not start: ${error instanceof Error ? error.message : String(error)}`;
    const remedy = error instanceof UserFacingError ? error.hint : undefined;
    return { checks: [port, { name: 'Server', state: 'fail', text, ...(remedy ? { remedy } : {}) }], machine: undefined };
  }
}
