import { Code, TriggerdError } from './errors.js';
import { encode } from './codec.js';
import { withIdAndTime } from './items.js';

// Of one request: enough to share a flush of the daemon's disk, few enough to be answered within milliseconds.
const [BATCH_ITEMS, BATCH_BYTES] = [500, 1 << 20];
// How long a program that ends waits for what is still in the queue.
const EXIT_MS = 5_000;
// After a call that gave up: the next one begins with short pauses again.
const REST_MS = 100;

/**
 * `track` puts an item into a queue and returns at once. Items leave in order, and are sent again until the daemon has
 * them; each counts once. What the daemon refuses is told to `onError`.
 */
export class Tracker {
  #client;
  #capacity;
  #onError;
  #items = [];
  #underWay = 0;
  #isRunning = false;
  #isClosed = false;
  #givesUp = false;
  #idle = [];
  dropped = 0;

  constructor(client, { capacity = 10_000, onError = warn } = {}) {
    this.#client = client;
    this.#capacity = capacity;
    this.#onError = onError;
    trackers.add(this);
  }

  /** False where the queue is full, or closed: the item is dropped. Throws TypeError where it cannot be sent. */
  track(item) {
    if (this.#isClosed || this.#items.length + this.#underWay >= this.#capacity) {
      this.dropped += 1;
      return false;
    }
    const whole = withIdAndTime(item);
    this.#items.push({ item: whole, size: encode('Item', whole).length });
    if (!this.#isRunning) this.#run();
    return true;
  }

  /** Waits until everything that was tracked is answered; whether it is within the timeout, in ms. */
  flush(timeout = Infinity) {
    if (!this.#isRunning) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = timeout < Infinity ? setTimeout(() => resolve(false), timeout) : undefined;
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /** Flushes, and takes no more. What is not answered by then is dropped. */
  async close(timeout = EXIT_MS) {
    this.#isClosed = true;
    const isDone = await this.flush(timeout);
    this.#givesUp = true;
    trackers.delete(this);
    const left = this.#items.length + this.#underWay;
    if (left > 0) process.emitWarning(`${left} items were not sent: the daemon did not take them in time`, 'TriggerdWarning');
    return isDone;
  }

  async #run() {
    this.#isRunning = true;
    await undefined; // What is tracked in one turn leaves together.
    while (this.#items.length > 0 && !this.#givesUp) {
      const batch = this.#batch();
      await this.#send(batch);
      if (!this.#givesUp) this.#underWay = 0;
    }
    this.#isRunning = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #batch() {
    let [count, size] = [0, 0];
    while (count < this.#items.length && count < BATCH_ITEMS) {
      size += this.#items[count].size;
      if (count > 0 && size > BATCH_BYTES) break;
      count += 1;
    }
    this.#underWay = count;
    return this.#items.splice(0, count).map(({ item }) => item);
  }

  /** Until the daemon has answered: it may start again meanwhile. */
  async #send(batch) {
    while (!this.#givesUp) {
      try {
        const replies = await this.#client.trackAll(batch);
        replies.forEach(({ result, code, why }, index) => {
          if (result === 'REFUSED') this.#tell(batch[index], new TriggerdError(code, why, { sent: true }));
        });
        return;
      } catch (error) {
        if (await this.#isOver(batch, error)) return;
      }
    }
  }

  async #isOver(batch, error) {
    const { code, isFinal } = error;
    if ([Code.INVALID_ARGUMENT, Code.ALREADY_EXISTS, Code.RESOURCE_EXHAUSTED].includes(code) && batch.length > 1) {
      // One refuses all, and is looked for by halves.
      const middle = batch.length >> 1;
      await this.#send(batch.slice(0, middle));
      await this.#send(batch.slice(middle));
      return true;
    }
    const isLater = [Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.RESOURCE_EXHAUSTED].includes(code) && !isFinal;
    if (isLater) {
      await new Promise((resolve) => setTimeout(resolve, REST_MS).unref());
      return false;
    }
    for (const item of batch) this.#tell(item, error);
    return true;
  }

  #tell(item, error) {
    try {
      this.#onError(item, error);
    } catch (thrown) {
      // The caller's; the others are sent all the same.
      process.emitWarning(`onError failed: ${thrown}`, 'TriggerdWarning');
    }
  }
}

function warn(item, error) {
  process.emitWarning(`an item of the user '${item.user}' was not taken: ${error.message}`, 'TriggerdWarning');
}

const trackers = new Set();

process.on('beforeExit', () => {
  for (const tracker of trackers) tracker.close();
});
