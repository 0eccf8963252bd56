import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import { handshakeTimeoutMs } from '../limits.ts';
import type { Certificates } from '../tls/authority.ts';
import type { CertifiedKey } from '../tls/certificate.ts';

/** The first byte of a TLS connection (RFC 8446, 5.1: content type "handshake"); no HTTP request begins with it. */
export const tlsHandshake = 0x16;

export interface SecureFront {
  /** Takes a connection that begins with a handshake, and hands on what comes out of it. */
  accept(socket: Socket): void;
  /** Cuts the connections whose handshake is under way. */
  cut(): void;
}

export function createSecureFront(certificates: Certificates, serve: (socket: Socket) => void): SecureFront {
  const underWay = new Set<Socket>();
  let unnamed: CertifiedKey | undefined;
  const server = createServer({
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: handshakeTimeoutMs,
    SNICallback: (name, answer) => answer(null, certificates.contextFor(name)),
  });
  server.on('secureConnection', serve);
  // A client that does not trust the certificate ends it here; there is nobody to answer.
  server.on('tlsClientError', (_error, socket) => void socket.destroy());
  return {
    accept(socket) {
      underWay.add(socket);
      socket.once('close', () => underWay.delete(socket));
      // Who connects to a bare address names no server, and is not asked about by the callback.
      const current = certificates.unnamed();
      if (current !== unnamed) server.setSecureContext({ cert: current.certificatePem, key: current.keyPem });
      unnamed = current;
      server.emit('connection', socket);
    },
    cut() {
      for (const socket of underWay) socket.destroy();
    },
  };
}
