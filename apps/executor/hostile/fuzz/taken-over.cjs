// The program of a slot that has been taken over: it boots like ours, and then does what the input of its call says.
// An input without `deeds` is given back, as the neighbour of an attack would.
const { readSync, writeSync } = require('node:fs');

const PIPE = 3;
const [CALL, READY, HOST, DONE] = [2, 10, 11, 12];

function readBytes(count) {
  const bytes = Buffer.alloc(count);
  for (let read = 0; read < count; ) {
    const got = readSync(PIPE, bytes, read, count - read, null);
    if (got === 0) process.exit(0);
    read += got;
  }
  return bytes;
}

function readFrame() {
  const body = readBytes(readBytes(4).readUInt32LE(0));
  const headerEnd = 5 + body.readUInt32LE(1);
  return { type: body[0], header: body.subarray(5, headerEnd).toString(), payload: body.subarray(headerEnd) };
}

function write(bytes) {
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(PIPE, bytes, sent, bytes.length - sent);
}

/** Of the call it was given last: what it says of an end is about that one, as far as it can know. */
let nonce = '';

function frame(type, headerText, payload) {
  const header = Buffer.from(headerText.startsWith('{"failure"') ? `{"nonce":"${nonce}",${headerText.slice(1)}` : headerText);
  const head = Buffer.alloc(9);
  head.writeUInt32LE(5 + header.length + payload.length, 0);
  head.writeUInt8(type, 4);
  head.writeUInt32LE(header.length, 5);
  return Buffer.concat([head, header, payload]);
}

const FINE = JSON.stringify({ failure: null, wallMs: 1, cpuMs: 1, peakMemoryBytes: 0 });

const DEEDS = {
  /** Any bytes. */
  write: ({ hex }) => write(Buffer.from(hex, 'hex')),
  /** The same bytes, one at a time. */
  drip: ({ hex }) => [...Buffer.from(hex, 'hex')].forEach((byte) => write(Buffer.of(byte))),
  /** A well-formed frame of any type with any header; `repeat` makes both long, `payloadTimes` the payload alone. */
  frame: ({ type, header, payload = '', repeat = 1, payloadTimes = repeat }) => write(frame(type, header.repeat(repeat), Buffer.from(payload.repeat(payloadTimes)))),
  /** The same frame again and again, without waiting for an answer. */
  flood: ({ type, header, payload = '', times }) => {
    const one = frame(type, header, Buffer.from(payload));
    for (let count = 0; count < times; count += 1) write(one);
  },
  /** A frame and the beginning of another in one piece. */
  pair: ({ header, payload = '', rest }) => write(Buffer.concat([frame(DONE, header, Buffer.from(payload)), Buffer.from(rest, 'hex')])),
  /** Host calls as they should be, each waiting for its answer. */
  ask: ({ name, payload, times }) => {
    for (let count = 0; count < times; count += 1) {
      write(frame(HOST, JSON.stringify({ name }), Buffer.from(payload)));
      readFrame();
    }
  },
  /** An end of its call that it says after a while, before it reads what it is given next. */
  later: ({ header, payload }) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    write(frame(DONE, header, Buffer.from(payload)));
  },
  done: ({ payload = '{}' }) => write(frame(DONE, FINE, Buffer.from(payload))),
  complain: ({ text, times }) => {
    for (let count = 0; count < times; count += 1) writeSync(2, text);
  },
  spin: () => {
    for (;;);
  },
  exit: ({ code }) => process.exit(code),
  abort: () => process.abort(),
};

process.on('SIGTERM', () => undefined);
write(frame(READY, '{}', Buffer.alloc(0)));
for (;;) {
  const { type, header, payload } = readFrame();
  if (type !== CALL) continue;
  ({ nonce } = JSON.parse(header));
  const input = JSON.parse(payload.toString());
  if (!input.deeds) write(frame(DONE, FINE, payload));
  else for (const deed of input.deeds) DEEDS[deed.do](deed);
}
