// Run inside a function's network namespace by src/sandbox/launcher/connectInNamespace.ts: connects and hands the socket over.
'use strict';

const net = require('node:net');

const socket = net.connect({ port: Number(process.argv[2]), host: '127.0.0.1' });
socket.once('error', () => process.exit(1));
socket.once('connect', () => process.send('connected', socket));
process.once('disconnect', () => process.exit(0));
