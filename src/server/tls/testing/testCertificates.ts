import { createFakeClock } from '../../../base/clock.ts';
import { cryptoRandom } from '../../../base/random.ts';
import { type Certificates, createAuthority } from '../authority.ts';

/** For tests of the listener: an authority that nobody trusts, made when a client speaks TLS. */
export function testCertificates(): Certificates {
  return createAuthority({ dataFolder: undefined, host: '127.0.0.1', wall: createFakeClock(), random: cryptoRandom });
}
