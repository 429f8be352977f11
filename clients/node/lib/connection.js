// One connection: many calls at once, each answered when its answer comes. Frames as docs/protocol.md draws them.

import { Reader, Writer } from './protobuf.js';
import { Code, TriggerdError } from './errors.js';

export const FRAME_BYTES = 4 << 20;
const HEADER = 10;
const [REQUEST, RESPONSE] = [1, 2];
// What the daemon's own DEADLINE_EXCEEDED may take beyond the deadline.
const SLACK = 200;

export function frame(stream, type, flags, body) {
  const whole = Buffer.allocUnsafe(HEADER + body.length);
  whole.writeUInt32BE(body.length, 0);
  whole.writeUInt32BE(stream, 4);
  whole[8] = type;
  whole[9] = flags;
  whole.set(body, HEADER);
  return whole;
}

export function request(service, method, payload, timeout, metadata) {
  const body = new Writer();
  body.string(1, service);
  body.string(2, method);
  if (payload.length > 0) body.bytes(3, payload);
  if (timeout > 0) body.number(4, Math.ceil(timeout * 1e6));
  for (const [key, value] of metadata) {
    const pair = new Writer();
    pair.string(1, key);
    pair.string(2, value);
    body.bytes(5, pair.finish());
  }
  const bytes = body.finish();
  if (bytes.length > FRAME_BYTES) {
    throw new TriggerdError(
      Code.RESOURCE_EXHAUSTED, `a request of ${bytes.length} bytes does not fit into a frame`, { isFinal: true },
    );
  }
  return bytes;
}

/** The payload of a response; throws what the server answered instead. */
export function response(body) {
  let [status, payload] = [new Uint8Array(0), new Uint8Array(0)];
  const reader = new Reader(body);
  while (!reader.isAtEnd) {
    const [number, wire] = reader.tag();
    if (number === 1) status = reader.bytes();
    else if (number === 2) payload = reader.bytes();
    else reader.skip(wire);
  }
  const [code, message, details] = readStatus(status);
  if (code !== 0) throw new TriggerdError(code, message, { details, sent: true });
  return payload;
}

function readStatus(bytes) {
  const reader = new Reader(bytes);
  let [code, message] = [0, ''];
  const details = [];
  while (!reader.isAtEnd) {
    const [number, wire] = reader.tag();
    if (number === 1) code = reader.varint();
    else if (number === 2) message = reader.string();
    else if (number === 3) details.push(readDetail(reader.bytes()));
    else reader.skip(wire);
  }
  return [code, message, details];
}

function readDetail(bytes) {
  const reader = new Reader(bytes);
  const detail = { typeUrl: '', value: new Uint8Array(0) };
  while (!reader.isAtEnd) {
    const [number, wire] = reader.tag();
    if (number === 1) detail.typeUrl = reader.string();
    else if (number === 2) detail.value = reader.bytes();
    else reader.skip(wire);
  }
  return detail;
}

/** Cuts what a socket brings into frames. */
export class Frames {
  #parts = [];
  #length = 0;

  *read(chunk) {
    this.#parts.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= HEADER) {
      if (this.#parts[0].length < HEADER) this.#join();
      const size = this.#parts[0].readUInt32BE(0);
      if (size > FRAME_BYTES) throw lost(`the server sent a frame of ${size} bytes`);
      if (this.#length < HEADER + size) return;
      if (this.#parts[0].length < HEADER + size) this.#join();
      const [whole] = this.#parts;
      this.#parts[0] = whole.subarray(HEADER + size);
      this.#length -= HEADER + size;
      yield { stream: whole.readUInt32BE(4), type: whole[8], flags: whole[9], body: whole.subarray(HEADER, HEADER + size) };
    }
  }

  #join() {
    this.#parts = [Buffer.concat(this.#parts)];
  }
}

export function lost(message, cause) {
  return new TriggerdError(Code.UNAVAILABLE, message, { sent: true, cause });
}

export class Connection {
  #socket;
  #waiting = new Map();
  #frames = new Frames();
  #next = 1;
  isOpen = true;

  /** Of a socket that is connected. */
  constructor(socket) {
    this.#socket = socket;
    // A process may end while nothing is under way.
    socket.unref();
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#end(lost(`the connection broke: ${error.message}`, error)));
    socket.on('close', () => this.#end(lost('the server closed the connection')));
  }

  get callsUnderWay() {
    return this.#waiting.size;
  }

  call(service, method, payload, timeout, metadata) {
    const body = request(service, method, payload, timeout, metadata);
    if (!this.isOpen) throw new TriggerdError(Code.UNAVAILABLE, 'the connection is closed');
    while (this.#waiting.has(this.#next)) this.#advance();
    const stream = this.#next;
    this.#advance();
    return new Promise((resolve, reject) => {
      const late = () => this.#finish(stream)?.reject(
        new TriggerdError(Code.DEADLINE_EXCEEDED, `no answer within ${Math.round(timeout)} ms`, { sent: true }),
      );
      if (this.#waiting.size === 0) this.#socket.ref();
      this.#waiting.set(stream, { resolve, reject, timer: setTimeout(late, timeout + SLACK) });
      this.#socket.write(frame(stream, REQUEST, 0, body));
    });
  }

  #advance() {
    this.#next = (this.#next + 2) % 0x1_0000_0000;
  }

  #finish(stream) {
    const caller = this.#waiting.get(stream);
    if (caller === undefined) return undefined; // It has left.
    clearTimeout(caller.timer);
    this.#waiting.delete(stream);
    if (this.#waiting.size === 0) this.#socket.unref();
    return caller;
  }

  #read(chunk) {
    try {
      for (const { stream, type, body } of this.#frames.read(chunk)) {
        if (type === RESPONSE) this.#finish(stream)?.resolve(body);
      }
    } catch (error) {
      this.#end(error);
    }
  }

  #end(error) {
    this.isOpen = false;
    this.#socket.destroy();
    for (const stream of [...this.#waiting.keys()]) this.#finish(stream).reject(error);
  }

  close() {
    this.#end(lost('the client was closed'));
  }
}
