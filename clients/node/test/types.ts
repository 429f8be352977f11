// Compiled, not run: what index.d.ts promises.
import { Client, Code, Tracker, TriggerdError, event, purchase, type Decision } from '../index.js';

const client = new Client('tls://h:443', { token: 't', timeout: 1_000, tls: { ca: '' } });
const reply = await client.track(event('u', 'e', { list: [1, 'a', { deep: null }] }, { set: { email: 'a@b' }, time: new Date() }));
const decisions: Decision[] = reply.decisions;
const next: number | bigint | undefined = decisions[0].nextMs;
for await (const { near_miss } of [{ near_miss: next }]) console.log(near_miss);
for await (const { campaign, why } of client.explain('u', { limit: 3 })) console.log(campaign.length, why['email']);
const message = await client.lease('u');
if (message !== undefined) await client.acknowledge('u', message.token, 'clicked');
const tracker = new Tracker(client, { onError: (item, error: TriggerdError) => console.log(item.user, error.code === Code.UNAVAILABLE) });
const isTaken: boolean = tracker.track(purchase('u', 'lamp', 1, { quantity: 2 }));
tracker.track({ user: 'u', customEvent: { event: 'e' } });
// @ts-expect-error A user is needed.
tracker.track({ customEvent: { event: 'e' } });
// @ts-expect-error A function is no value.
event('u', 'e', { f: () => isTaken });
