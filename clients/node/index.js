export { Client } from './lib/client.js';
export { Code, TriggerdError } from './lib/errors.js';
export { event, location, purchase, sessionStart, update } from './lib/items.js';
export { Tracker } from './lib/tracker.js';
