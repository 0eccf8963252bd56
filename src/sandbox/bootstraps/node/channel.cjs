// The function's end of the framed channel (src/sandbox/channel/frames.ts). Descriptor 3 is read through the event loop, 4 is
// written synchronously: what is printed is out before the next statement runs, even before process.exit.
'use strict';

const fs = require('node:fs');
const net = require('node:net');

// Taken before any code of the user's can replace them.
const { writeSync } = fs;
const { reallyExit } = process;

const types = { init: 1, invoke: 2, room: 3, hello: 16, ready: 17, initError: 18, response: 19, error: 20, record: 21, stdout: 22, stderr: 23, exiting: 24, part: 25 };
const outputBytesMax = 256 * 1024;
const readBytes = 64 * 1024;
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

function newFrame(type, bodyBytes) {
  const frame = Buffer.allocUnsafe(5 + bodyBytes);
  frame.writeUInt32BE(bodyBytes, 0);
  frame[4] = type;
  return frame;
}

function send(type, body) {
  const frame = newFrame(type, body.length);
  frame.set(body, 5);
  writeAll(frame);
}

function sendOutput(type, bytes) {
  for (let start = 0; start < bytes.length; start += outputBytesMax) send(type, bytes.subarray(start, start + outputBytesMax));
}

/** `payload` is text or bytes. */
function sendAnswer(type, requestId, contentType, payload) {
  const isText = typeof payload === 'string';
  const start = 7 + requestId.length + contentType.length;
  const frame = newFrame(type, start - 5 + (isText ? Buffer.byteLength(payload) : payload.length));
  frame[5] = requestId.length;
  frame.write(requestId, 6, 'latin1');
  frame[6 + requestId.length] = contentType.length;
  frame.write(contentType, 7 + requestId.length, 'latin1');
  if (isText) frame.write(payload, start);
  else frame.set(payload, start);
  writeAll(frame);
}

exports.sendHello = () => send(types.hello, Buffer.from(JSON.stringify({ version: process.version })));
exports.sendReady = () => send(types.ready, Buffer.alloc(0));
exports.sendInitError = (payload) => send(types.initError, payload);
exports.sendResponse = (requestId, contentType, payload) => sendAnswer(types.response, requestId, contentType, payload);
exports.sendPart = (requestId, contentType, bytes) => sendAnswer(types.part, requestId, contentType, bytes);
exports.sendError = (requestId, payload) => sendAnswer(types.error, requestId, '', payload);
exports.sendRecord = (text) => sendOutput(types.record, Buffer.from(text));
exports.sendStream = (fd, bytes) => sendOutput(fd === 1 ? types.stdout : types.stderr, bytes);
exports.sendExiting = (code) => {
  const body = Buffer.alloc(4);
  body.writeInt32BE(code, 0);
  send(types.exiting, body);
};

/**
 * Calls `onFrame(type, body)` for every frame; the body is only valid during the call. The server's end closing means that nobody
 * is left to work for.
 */
exports.receive = (onFrame) => {
  /** The start of a frame that has not all arrived, and how many bytes of it are known to be missing. */
  let parts = [];
  let missing = 5;

  function take(bytes) {
    let rest = bytes;
    while (rest.length >= 5) {
      const end = 5 + rest.readUInt32BE(0);
      if (rest.length < end) break;
      const frame = rest;
      rest = rest.subarray(end);
      onFrame(frame[4], frame.subarray(5, end));
    }
    // A copy: what was read into is used again.
    parts = rest.length === 0 ? [] : [Buffer.from(rest)];
    missing = (rest.length >= 5 ? 5 + rest.readUInt32BE(0) : 5) - rest.length;
  }

  function onBytes(count, buffer) {
    const bytes = buffer.subarray(0, count);
    missing -= count;
    if (parts.length === 0) take(bytes);
    else {
      parts.push(Buffer.from(bytes));
      if (missing <= 0) take(Buffer.concat(parts));
    }
    return true;
  }

  // Read into one piece of memory: a stream would take 64 KB anew for every frame.
  const socket = new net.Socket({ fd: 3, readable: true, writable: false, onread: { buffer: Buffer.allocUnsafeSlow(readBytes), callback: onBytes } });
  // It is what starts the reading; nothing comes this way.
  socket.resume();
  socket.once('end', () => reallyExit.call(process, 0));
  socket.on('error', () => reallyExit.call(process, 0));
  return socket;
};

exports.types = types;
