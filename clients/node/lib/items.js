// Items of JavaScript's values.

import { randomUUID } from 'node:crypto';

function item(user, { id, time, set, history } = {}, kind) {
  return { user, id, timeMs: milliseconds(time), set, history, ...kind };
}

function milliseconds(time) {
  return time instanceof Date ? time.getTime() : time;
}

/** Something that the user did. */
export function event(user, name, properties = {}, more) {
  return item(user, more, { customEvent: { event: name, properties } });
}

/** One product was bought. */
export function purchase(user, productId, price, { currency, quantity = 1, properties = {}, ...more } = {}) {
  return item(user, more, { purchase: { productId, price, currency, quantity, properties } });
}

/** The app was opened; the answer's `message` is what it is to show. */
export function sessionStart(user, { device, properties = {}, ...more } = {}) {
  return item(user, more, { sessionStart: { device, properties } });
}

/** Attributes of the profile; null removes one. */
export function update(user, set, more) {
  return item(user, { ...more, set }, { profileUpdate: {} });
}

/** Where the user is, in degrees. */
export function location(user, latitude, longitude, { properties = {}, ...more } = {}) {
  return item(user, more, { location: { latitude, longitude, properties } });
}

/** With an id, so that it may be sent twice and counts once. */
export function withId(item) {
  return item.id ? item : { ...item, id: randomUUID().replaceAll('-', '') };
}

/** What is sent later happened now. */
export function withIdAndTime(item) {
  return { ...withId(item), timeMs: item.timeMs ?? Date.now() };
}
