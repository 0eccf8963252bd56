// Run inside a function's network namespace by src/sandbox/launcher/listenInNamespace.ts: listens and hands the sockets over.
'use strict';

const net = require('node:net');

const ports = process.argv.slice(2).map(Number);
const giveUpAt = Date.now() + 3000;

function listen(port) {
  const server = net.createServer({ pauseOnConnect: true });
  server.once('error', (error) => {
    // The namespace's loopback comes up while we start.
    if (error.code === 'EADDRNOTAVAIL' && Date.now() < giveUpAt) setTimeout(listen, 2, port);
    else throw error;
  });
  server.listen(port, '127.0.0.1', 64, () => process.send(port, server));
}

process.once('disconnect', () => process.exit(0));
for (const port of ports) listen(port);
