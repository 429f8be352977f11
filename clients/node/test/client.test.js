import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { Client, Code, Tracker, event, location, purchase, sessionStart, update } from '../index.js';
import { parseAddress } from '../lib/address.js';
import { decode, encode } from '../lib/codec.js';
import { Daemon, serve } from './daemon.js';

const cart = (user, more) => event(user, 'add_to_cart', { cart_value: 100 }, more);
const here = new URL('..', import.meta.url);
const run = promisify(execFile);

async function all(results) {
  const found = [];
  for await (const result of results) found.push(result);
  return found;
}

describe('with the built daemon', () => {
  let daemon;
  let client;
  before(async () => {
    daemon = await new Daemon().start();
    client = new Client(daemon.address);
  });
  after(async () => {
    client.close();
    await daemon.close();
  });

  it('does what the README says', async () => {
    const [, program] = /```js\n(.*?)```/s.exec(fs.readFileSync(new URL('README.md', here), 'utf8'));
    const options = { cwd: here, env: { ...process.env, TRIGGERD_ADDRESS: daemon.address } };
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], options);
    assert.equal(stdout, 'abandoned-cart scheduled\nscheduled\nnothing to show\n');
  });

  it('gives values back as they were', async () => {
    const values = {
      yes: true, whole: -(2n ** 63n), decimal: 0.5, text: 'grüße', list: [1, 'a', [], {}], object: { deep: { er: [null] } },
      ['__proto__']: 1,
    };
    await client.track(update('values', values));
    assert.deepEqual((await client.user('values')).profile, values);
    await assert.rejects(client.track(event('u', 'e', { when: new Date() })), TypeError);
    assert.equal(await client.user('nobody'), undefined);
  });

  it('takes batches, all or none', async () => {
    const items = [0, 1, 2, 3, 4, 5].map((n) => event(`b${n % 3}`, 'add_to_cart', { cart_value: 50 * n }));
    const replies = await client.trackAll(items);
    assert.deepEqual(replies.map(({ decisions }) => decisions.length), [0, 0, 1, 1, 1, 1]);
    items[4].user = '';
    await assert.rejects(client.trackAll(items), { code: Code.INVALID_ARGUMENT, message: /items\[4\]/ });
  });

  it('takes every kind of item', async () => {
    const replies = await client.trackAll([
      purchase('k', 'lamp', 0, { currency: 'EUR', quantity: 2 }), sessionStart('k', { device: 'phone' }),
      location('k', 0, 0), update('k', { country: 'BE' }), event('k', 'e', {}, { time: 0, history: true }),
    ]);
    for (const { result } of replies) assert.equal(result, 'ACCEPTED');
  });

  it('counts an id once', async () => {
    const item = event('i', 'e', {}, { id: '1' });
    assert.equal((await client.track(item)).result, 'ACCEPTED');
    assert.equal((await client.track(item)).result, 'DUPLICATE');
    await assert.rejects(client.track(event('i', 'other', {}, { id: '1' })), { codeName: 'ALREADY_EXISTS' });
  });

  it('leases, acknowledges and holds', async () => {
    await client.track(event('in', 'signed_up', { name: 'Ada' }));
    await client.track(sessionStart('in', { device: 'phone' }));
    const message = await client.lease('in', 'phone');
    assert.deepEqual(message.fields, { title: 'Hello Ada' });
    assert.equal((await client.lease('in', 'phone')).token, message.token);
    await client.acknowledge('in', message.token, 'clicked');
    await assert.rejects(client.hold('in', message.token, 60_000), { code: Code.FAILED_PRECONDITION });
    const [{ decision }] = await all(client.explain('in', { campaign: 'welcome' }));
    assert.equal(decision, 'delivered');
  });

  it('explains in pages', async () => {
    for (let turn = 0; turn < 2; turn += 1) await client.trackAll(Array(600).fill(cart('p')));
    assert.equal((await all(client.explain('p', { limit: 1_100 }))).length, 1_100);
    assert.equal((await all(client.explain('p', { limit: 7 }))).length, 7);
  });

  it('refuses what is too large for a frame', async () => {
    const item = event('l', 'e', { a: 'x'.repeat(5 << 20) });
    await assert.rejects(client.track(item), { code: Code.RESOURCE_EXHAUSTED, sent: false });
  });

  it('makes more calls at once than the daemon takes', async () => {
    const replies = await Promise.all(Array.from({ length: 1_500 }, () => client.health()));
    assert.ok(replies.every(({ status }) => status === 'SERVING'));
  });

  it('tracks without waiting', async () => {
    const refused = [];
    const tracker = new Tracker(client, { onError: (item, { code }) => refused.push([item.user, code]) });
    for (let n = 0; n < 1_200; n += 1) assert.ok(tracker.track(cart(n === 700 ? '' : 'q')));
    assert.ok(await tracker.close());
    assert.equal(tracker.track(cart('q')), false);
    assert.deepEqual(refused, [['', Code.INVALID_ARGUMENT]]);
    assert.equal((await all(client.explain('q', { limit: 2_000 }))).length, 1_199);
  });

  it('sends what waits before the program ends', async () => {
    const program = `
      import { Client, Tracker, event } from 'triggerd';
      const tracker = new Tracker(new Client());
      tracker.track(event('exit', 'add_to_cart', { cart_value: 100 }));`;
    const options = { cwd: here, env: { ...process.env, TRIGGERD_ADDRESS: daemon.address } };
    await run(process.execPath, ['--input-type=module', '--eval', program], options);
    assert.equal((await all(client.explain('exit'))).length, 1);
  });
});

describe('with what breaks', () => {
  it('outlives a daemon that is killed', async () => {
    const daemon = await new Daemon().start();
    const client = new Client(daemon.address);
    const tracker = new Tracker(client);
    await client.track(cart('u'));
    await daemon.kill();
    await assert.rejects(client.track(cart('u'), { timeout: 200 }), { code: Code.UNAVAILABLE });
    for (let n = 0; n < 10; n += 1) tracker.track(cart('u'));
    const started = daemon.start();
    await client.track(cart('u'));
    await started;
    assert.ok(await tracker.close());
    assert.equal((await all(client.explain('u'))).length, 12);
    client.close();
    await daemon.close();
  });

  const accepted = Buffer.from('\x12\x04\x0a\x02\x08\x01', 'latin1');
  const refused = (code) => Buffer.from([0x0a, 2, 8, code]);

  it('asks again with the same id where an answer was lost', async () => {
    const bodies = [];
    const server = await serve((connection, body) => {
      bodies.push(body.toString('latin1').split('Track')[1].slice(0, 46));
      return connection === 0 ? null : accepted;
    });
    const client = new Client(server.address);
    assert.equal((await client.track(event('u', 'e'))).result, 'ACCEPTED');
    assert.equal(bodies.length, 2);
    assert.equal(bodies[0], bodies[1]);
    client.close();
    server.close();
  });

  it('does not do twice what is not safe', async () => {
    let calls = 0;
    const server = await serve(() => ((calls += 1), null));
    const client = new Client(server.address);
    await assert.rejects(client.acknowledge('u', 1), { code: Code.UNAVAILABLE, sent: true });
    assert.equal(calls, 1);
    client.close();
    server.close();
  });

  it('asks a daemon again that is full', async () => {
    const answers = [refused(8), refused(14), accepted];
    const server = await serve(() => answers.shift());
    const client = new Client(server.address);
    await client.track(event('u', 'e'));
    client.close();
    server.close();
  });

  it('keeps to a deadline', async () => {
    const server = await serve(() => undefined);
    const client = new Client(server.address, { timeout: 100 });
    await assert.rejects(client.health(), { code: Code.DEADLINE_EXCEEDED });
    client.close();
    server.close();
  });

  it('sends a token with each call, and not to everybody', async () => {
    const bodies = [];
    const server = await serve((_, body) => (bodies.push(body.toString('latin1')), refused(16)));
    const client = new Client(server.address, { token: 'abc' });
    await assert.rejects(client.health(), { code: Code.UNAUTHENTICATED });
    assert.ok(bodies[0].includes('\x0a\x0dauthorization\x12\x0aBearer abc'));
    assert.throws(() => new Client('tcp://192.0.2.1:7000', { token: 'abc' }), TypeError);
    new Client('tcp://127.0.0.1:7000', { token: 'abc' });
    client.close();
    server.close();
  });

  it('drops what a full queue has no room for', async () => {
    const tracker = new Tracker(new Client('unix:/nowhere', { timeout: 100 }), { capacity: 2 });
    assert.deepEqual([1, 2, 3, 4].map(() => tracker.track(cart('u'))), [true, true, false, false]);
    assert.equal(tracker.dropped, 2);
    assert.equal(await tracker.close(50), false);
  });
});

it('reads addresses', () => {
  assert.equal(parseAddress('unix:/a/b').path, '/a/b');
  assert.deepEqual(parseAddress('tcp://[::1]:80'), { scheme: 'tcp', host: '::1', port: 80, text: 'tcp://[::1]:80' });
  assert.equal(parseAddress('tls://h:443').scheme, 'tls');
  for (const wrong of ['', 'unix:', '/run/s', 'tcp://h', 'tcp://h:', 'tcp://h:0', 'tcp://h:65536', 'http://h:80']) {
    assert.throws(() => parseAddress(wrong), TypeError, wrong);
  }
});

it('decodes what is cut off without hanging', () => {
  const whole = encode('Item', { user: 'u', set: { a: [1, 'b', { c: 2n ** 60n }] }, customEvent: { event: 'e' } });
  for (let size = 0; size < whole.length; size += 1) {
    try {
      decode('Item', whole.subarray(0, size));
    } catch (error) {
      assert.ok(error instanceof RangeError);
    }
  }
});
