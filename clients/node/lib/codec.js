// Messages of triggerd.v1, by the table of schema.js. A Value is JavaScript's own.

import { Reader, Writer } from './protobuf.js';
import { enums, messages } from './schema.js';

/** The bytes of a message; fields that are undefined are absent. Throws TypeError. */
export function encode(type, message) {
  const writer = new Writer();
  for (const [number, [name, kind, inner, how]] of Object.entries(messages[type])) {
    const value = message[name];
    if (value === undefined || (value === null && inner !== 'Value')) continue;
    if (how === 'map') {
      for (const [key, member] of Object.entries(value)) {
        if (member !== undefined) writer.bytes(+number, encodeEntry(key, inner, member));
      }
    } else if (how === 'list') {
      for (const element of value) write(writer, +number, kind, inner, element);
    } else if (how === 'maybe' || !isDefault(value)) {
      write(writer, +number, kind, inner, value);
    }
  }
  return writer.finish();
}

function isDefault(value) {
  return value === '' || value === false || value === 0 || value === 0n;
}

function encodeEntry(key, type, value) {
  const entry = new Writer();
  entry.string(1, key);
  write(entry, 2, 'message', type, value);
  return entry.finish();
}

function write(writer, number, kind, type, value) {
  switch (kind) {
    case 'message':
      return writer.bytes(number, type === 'Value' ? encodeValue(value) : encode(type, value));
    case 'string':
      return writer.string(number, checked(value, 'string'));
    case 'bytes':
      return writer.bytes(number, value);
    case 'double':
      return writer.double(number, checked(value, 'number'));
    case 'bool':
      return writer.number(number, checked(value, 'boolean') ? 1 : 0);
    case 'enum':
      return writer.number(number, +Object.keys(enums[type]).find((key) => enums[type][key] === value));
    default:
      if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) {
        throw new TypeError(`${value} is no whole number: beyond 53 bits write a bigint`);
      }
      return writer.number(number, value);
  }
}

function checked(value, type) {
  if (typeof value !== type) throw new TypeError(`${value} is no ${type}`);
  return value;
}

const SIGNED = [-(2n ** 63n), 2n ** 63n - 1n];

function encodeValue(value) {
  const writer = new Writer();
  if (value === null) return writer.finish();
  if (typeof value === 'boolean') writer.number(1, value ? 1 : 0);
  else if (typeof value === 'bigint') {
    if (value < SIGNED[0] || value > SIGNED[1]) throw new TypeError(`${value} is beyond 64 bits with a sign`);
    writer.number(2, value);
  } else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) writer.number(2, value);
    else writer.double(3, value);
  } else if (typeof value === 'string') writer.string(4, value);
  else if (Array.isArray(value)) {
    const list = new Writer();
    for (const element of value) list.bytes(1, encodeValue(element));
    writer.bytes(5, list.finish());
  } else if (typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    const object = new Writer();
    for (const [name, member] of Object.entries(value)) {
      if (member !== undefined) object.bytes(1, encodeEntry(name, 'Value', member));
    }
    writer.bytes(6, object.finish());
  } else {
    throw new TypeError(`${typeof value} is no value: null, booleans, numbers, bigints, strings, arrays and objects are`);
  }
  return writer.finish();
}

/** A message of its bytes: what is not there is as proto3 has it, and undefined where that would say something else. */
export function decode(type, bytes) {
  const fields = messages[type];
  const message = {};
  for (const [name, kind, , how] of Object.values(fields)) {
    if (how === 'list' || how === 'map') message[name] = [];
    else if (how === 'one') message[name] = initial(kind, type, name);
  }
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const [number, wire] = reader.tag();
    const field = fields[number];
    if (field === undefined) reader.skip(wire);
    else readField(reader, message, field, wire);
  }
  for (const [name, , , how] of Object.values(fields)) {
    // As properties of its own, whatever they are called.
    if (how === 'map') message[name] = Object.fromEntries(message[name]);
  }
  return message;
}

function initial(kind, type, name) {
  if (kind === 'string') return '';
  if (kind === 'bytes') return new Uint8Array(0);
  if (kind === 'bool') return false;
  if (kind !== 'enum') return 0;
  const [, , inner] = Object.values(messages[type]).find((field) => field[0] === name);
  return enums[inner][0];
}

function readField(reader, message, [name, kind, inner, how], wire) {
  if (how === 'map') message[name].push(decodeEntry(reader.bytes(), inner));
  else if (how !== 'list') message[name] = read(reader, kind, inner);
  else if (wire === 2 && (kind === 'uint64' || kind === 'int64')) {
    const packed = new Reader(reader.bytes());
    while (!packed.isAtEnd) message[name].push(read(packed, kind, inner));
  } else message[name].push(read(reader, kind, inner));
}

function read(reader, kind, type) {
  switch (kind) {
    case 'message':
      return type === 'Value' ? decodeValue(reader.bytes()) : decode(type, reader.bytes());
    case 'string':
      return reader.string();
    case 'bytes':
      return reader.bytes();
    case 'double':
      return reader.double();
    case 'bool':
      return reader.varint() !== 0;
    case 'enum':
      // What a newer daemon says is its number.
      return ((value) => enums[type][value] ?? value)(reader.varint());
    default:
      return reader.varint(kind === 'int64');
  }
}

function decodeEntry(bytes, type) {
  const reader = new Reader(bytes);
  const entry = ['', null];
  while (!reader.isAtEnd) {
    const [number, wire] = reader.tag();
    if (number === 1) entry[0] = reader.string();
    else if (number === 2) entry[1] = read(reader, 'message', type);
    else reader.skip(wire);
  }
  return entry;
}

function decodeValue(bytes) {
  const reader = new Reader(bytes);
  let value = null;
  while (!reader.isAtEnd) {
    const [number, wire] = reader.tag();
    if (number === 1) value = reader.varint() !== 0;
    else if (number === 2) value = reader.varint(true);
    else if (number === 3) value = reader.double();
    else if (number === 4) value = reader.string();
    else if (number === 5) value = parts(reader.bytes()).map(decodeValue);
    else if (number === 6) value = Object.fromEntries(parts(reader.bytes()).map((entry) => decodeEntry(entry, 'Value')));
    else reader.skip(wire);
  }
  return value;
}

function parts(bytes) {
  const reader = new Reader(bytes);
  const found = [];
  while (!reader.isAtEnd) {
    const [number, wire] = reader.tag();
    if (number === 1) found.push(reader.bytes());
    else reader.skip(wire);
  }
  return found;
}
