// Protobuf's bytes: a writer and a reader of fields, without a schema.

const text = new TextDecoder('utf-8');

/** Grows as it is written to. */
export class Writer {
  #buffer = Buffer.allocUnsafe(256);
  #length = 0;

  #room(size) {
    if (this.#length + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + size));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  varint(value) {
    this.#room(10);
    if (typeof value === 'bigint') {
      let rest = BigInt.asUintN(64, value);
      for (; rest >= 0x80n; rest >>= 7n) this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      this.#buffer[this.#length++] = Number(rest);
      return;
    }
    if (value < 0) return this.varint(BigInt(value));
    for (; value >= 0x80; value = Math.floor(value / 128)) this.#buffer[this.#length++] = (value % 128) | 0x80;
    this.#buffer[this.#length++] = value;
  }

  /** A field of varint. */
  number(field, value) {
    this.varint(field * 8);
    this.varint(value);
  }

  double(field, value) {
    this.varint(field * 8 + 1);
    this.#room(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  string(field, value) {
    const size = Buffer.byteLength(value);
    this.varint(field * 8 + 2);
    this.varint(size);
    this.#room(size);
    this.#length += this.#buffer.write(value, this.#length);
  }

  bytes(field, value) {
    this.varint(field * 8 + 2);
    this.varint(value.length);
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  finish() {
    return this.#buffer.subarray(0, this.#length);
  }
}

export class Reader {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  get isAtEnd() {
    return this.#at >= this.#bytes.length;
  }

  /** A number where it is exact, else a bigint. */
  varint(isSigned = false) {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return low;
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return exact(isSigned ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value));
    }
    throw new RangeError('a varint has no end');
  }

  #byte() {
    if (this.isAtEnd) throw new RangeError('the message is cut off');
    return this.#bytes[this.#at++];
  }

  /** The next field's number and kind. */
  tag() {
    const tag = Number(this.varint());
    return [Math.floor(tag / 8), tag % 8];
  }

  double() {
    const part = this.#take(8);
    return new DataView(part.buffer, part.byteOffset, 8).getFloat64(0, true);
  }

  bytes() {
    return this.#take(Number(this.varint()));
  }

  string() {
    return text.decode(this.bytes());
  }

  skip(kind) {
    if (kind === 0) this.varint();
    else if (kind === 2) this.bytes();
    else if (kind === 1 || kind === 5) this.#take(kind === 1 ? 8 : 4);
    else throw new RangeError(`a field of kind ${kind}`);
  }

  #take(size) {
    if (this.#at + size > this.#bytes.length) throw new RangeError('the message is cut off');
    return this.#bytes.subarray(this.#at, (this.#at += size));
  }
}

function exact(value) {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
