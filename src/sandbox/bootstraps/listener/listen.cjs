// Run inside a function's network namespace by src/sandbox/launcher/listenInNamespace.ts: listens and hands the socket over.
'use strict';

const net = require('node:net');

const port = Number(process.argv[2]);
const giveUpAt = Date.now() + 3000;

function listen() {
  const server = net.createServer({ pauseOnConnect: true });
  server.once('error', (error) => {
    // The namespace's loopback comes up while we start.
    if (error.code === 'EADDRNOTAVAIL' && Date.now() < giveUpAt) setTimeout(listen, 2);
    else throw error;
  });
  server.listen(port, '127.0.0.1', 64, () => process.send('listening', server));
}

process.once('disconnect', () => process.exit(0));
listen();
