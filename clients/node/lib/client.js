import { defaultAddress, isOpenToOthers, open, parseAddress } from './address.js';
import { decode, encode } from './codec.js';
import { Connection, response } from './connection.js';
import { Code, TriggerdError } from './errors.js';
import { withId } from './items.js';

// The daemon takes 1,024 calls on a connection; the rest waits here.
const CALLS_UNDER_WAY = 1_000;
// Between two tries: doubled each time from the first to the most, and a random part of it.
const [FIRST_PAUSE, MOST_PAUSE] = [50, 2_000];

/** Calls of one daemon, over one connection that is made when it is needed and again when it broke. */
export class Client {
  #address;
  #options;
  #metadata;
  #connection;
  #waiting = [];
  #underWay = 0;
  #isClosed = false;

  constructor(address = defaultAddress(), { token, timeout = 10_000, tls } = {}) {
    this.#address = parseAddress(address);
    if (token && isOpenToOthers(this.#address)) {
      throw new TypeError(`everybody on the way to ${this.#address.host} could read the token: use tls://`);
    }
    this.#options = { timeout, tls };
    this.#metadata = token ? [['authorization', `Bearer ${token}`]] : [];
  }

  /** Calls under way end with UNAVAILABLE. */
  close() {
    this.#isClosed = true;
    this.#connection?.then((connection) => connection.close(), () => {}); // Nobody connected: whoever tried was told.
  }

  async track(item, options) {
    const [reply] = await this.trackAll([item], options);
    return reply;
  }

  async trackAll(items, { nearMisses = false, ...options } = {}) {
    if (items.length === 0) return [];
    const request = { items: items.map(withId), nearMisses };
    const reply = await this.call('Events', 'Track', ['TrackRequest', request], 'TrackReply', { isSafe: true, ...options });
    return reply.items;
  }

  async lease(user, device = '', options) {
    const request = ['LeaseRequest', { user, device }];
    return (await this.call('Inbox', 'Lease', request, 'LeaseReply', { isSafe: true, ...options })).message;
  }

  async acknowledge(user, token, action = '', options) {
    await this.call('Inbox', 'Acknowledge', ['AcknowledgeRequest', { user, token, action }], 'AcknowledgeReply', options);
  }

  async hold(user, token, forMs = 0, options) {
    await this.call('Inbox', 'Hold', ['HoldRequest', { user, token, forMs }], 'HoldReply', options);
  }

  async *explain(user, { campaign = '', limit = 100, ...options } = {}) {
    let page = '';
    for (let left = limit; left > 0; ) {
      const request = ['ExplainRequest', { user, campaign, limit: Math.min(left, 1_000), page }];
      const reply = await this.call('Decisions', 'Explain', request, 'ExplainReply', { isSafe: true, ...options });
      yield* reply.decisions;
      left -= reply.decisions.filter((decision) => decision.nearMiss === 0).length;
      page = reply.nextPage;
      if (page === '') return;
    }
  }

  async user(user, options) {
    try {
      return await this.call('Users', 'Get', ['GetUserRequest', { user }], 'User', { isSafe: true, ...options });
    } catch (error) {
      if (error.code === Code.NOT_FOUND) return undefined;
      throw error;
    }
  }

  health(options) {
    return this.call('Health', 'Check', ['HealthRequest', {}], 'HealthReply', { isSafe: true, ...options });
  }

  /** Any method of triggerd.v1: the request's type and message, the reply's type. */
  async call(service, method, [type, message], replyType, { timeout = this.#options.timeout, isSafe = false } = {}) {
    const payload = encode(type, message);
    const end = performance.now() + timeout;
    await this.#room();
    try {
      const once = async () => {
        const connection = await this.#connect(end - performance.now());
        const left = Math.max(1, end - performance.now());
        return response(await connection.call(`triggerd.v1.${service}`, method, payload, left, this.#metadata));
      };
      return decode(replyType, await this.#repeat(once, end, isSafe));
    } finally {
      this.#underWay -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #room() {
    while (this.#underWay >= CALLS_UNDER_WAY) await new Promise((resolve) => this.#waiting.push(resolve));
    this.#underWay += 1;
  }

  async #repeat(once, end, isSafe) {
    let known;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, MOST_PAUSE)) {
      try {
        return await once();
      } catch (error) {
        if (!(error instanceof TriggerdError)) throw error;
        if (error.code === Code.DEADLINE_EXCEEDED) throw known ?? error; // What kept it says more.
        const rest = pause * (0.5 + Math.random() / 2);
        if (this.#isClosed || !error.mayRepeat(isSafe) || performance.now() + rest >= end) throw error;
        known = error;
        await new Promise((resolve) => setTimeout(resolve, rest));
      }
    }
  }

  /** One connection is made at a time; all who need it wait for it. */
  async #connect(timeout) {
    if (this.#isClosed) throw new TriggerdError(Code.UNAVAILABLE, 'the client is closed', { isFinal: true });
    if (this.#connection !== undefined) {
      const connection = await this.#connection;
      if (connection.isOpen) return connection;
    }
    const made = this.#open(timeout);
    this.#connection = made;
    made.catch(() => {
      if (this.#connection === made) this.#connection = undefined;
    });
    return made;
  }

  #open(timeout) {
    const address = this.#address;
    return new Promise((resolve, reject) => {
      const socket = open(address, this.#options.tls);
      const failed = (why, options) => {
        socket.destroy();
        reject(new TriggerdError(Code.UNAVAILABLE, `no daemon answers at ${address.text}: ${why}`, options));
      };
      const timer = setTimeout(() => failed('it takes too long'), Math.max(1, timeout));
      socket.once('error', (cause) => {
        clearTimeout(timer);
        // Another try would find the same certificate.
        const isFinal = address.scheme === 'tls' && !['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT'].includes(cause.code);
        failed(cause.message, { cause, isFinal });
      });
      socket.once(address.scheme === 'tls' ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        socket.removeAllListeners('error');
        resolve(new Connection(socket));
      });
    });
  }
}
