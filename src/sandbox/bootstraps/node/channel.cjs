// The function's end of the framed channel (src/sandbox/channel/frames.ts). Descriptor 3 is read through the event loop, 4 is
// written synchronously: what is printed is out before the next statement runs, even before process.exit.
'use strict';

const fs = require('node:fs');
const net = require('node:net');

// Taken before any code of the user's can replace them.
const { writeSync } = fs;
const { reallyExit } = process;

const types = { init: 1, invoke: 2, hello: 16, ready: 17, initError: 18, response: 19, error: 20, record: 21, stdout: 22, stderr: 23, exiting: 24 };
const outputBytesMax = 256 * 1024;
const pause = new Int32Array(new SharedArrayBuffer(4));

function writeAll(bytes) {
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(4, bytes, offset, bytes.length - offset);
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

function send(type, ...parts) {
  const header = Buffer.allocUnsafe(5);
  header.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 0), 0);
  header[4] = type;
  writeAll(Buffer.concat([header, ...parts]));
}

function sendOutput(type, bytes) {
  for (let start = 0; start < bytes.length; start += outputBytesMax) send(type, bytes.subarray(start, start + outputBytesMax));
}

function sendAnswer(type, requestId, contentType, payload) {
  const id = Buffer.from(requestId, 'latin1');
  const kind = Buffer.from(contentType, 'latin1');
  send(type, Buffer.from([id.length]), id, Buffer.from([kind.length]), kind, payload);
}

exports.sendHello = () => send(types.hello, Buffer.from(JSON.stringify({ version: process.version })));
exports.sendReady = () => send(types.ready);
exports.sendInitError = (payload) => send(types.initError, payload);
exports.sendResponse = (requestId, contentType, payload) => sendAnswer(types.response, requestId, contentType, payload);
exports.sendError = (requestId, payload) => sendAnswer(types.error, requestId, '', payload);
exports.sendRecord = (text) => sendOutput(types.record, Buffer.from(text));
exports.sendStream = (fd, bytes) => sendOutput(fd === 1 ? types.stdout : types.stderr, bytes);
exports.sendExiting = (code) => {
  const body = Buffer.alloc(4);
  body.writeInt32BE(code, 0);
  send(types.exiting, body);
};

/** Calls `onFrame(type, body)` for every frame. The server's end closing means that nobody is left to work for. */
exports.receive = (onFrame) => {
  const socket = new net.Socket({ fd: 3, readable: true, writable: false });
  let pending = Buffer.alloc(0);
  let parts = [];
  let missing = 5;
  socket.on('data', (chunk) => {
    missing -= chunk.length;
    parts.push(chunk);
    if (missing > 0) return;
    pending = parts.length === 1 && pending.length === 0 ? chunk : Buffer.concat([pending, ...parts]);
    parts = [];
    while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(0)) {
      const end = 5 + pending.readUInt32BE(0);
      const body = pending.subarray(5, end);
      const type = pending[4];
      pending = pending.subarray(end);
      onFrame(type, body);
    }
    missing = (pending.length >= 5 ? 5 + pending.readUInt32BE(0) : 5) - pending.length;
  });
  socket.once('end', () => reallyExit.call(process, 0));
  socket.on('error', () => reallyExit.call(process, 0));
  return socket;
};

exports.types = types;
