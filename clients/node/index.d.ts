import type { ConnectionOptions } from 'node:tls';
import type * as schema from './lib/schema.js';

export * from './lib/schema.js';

type Partially<T> = T extends Uint8Array | Date ? T : T extends (infer E)[] ? Partially<E>[]
  : T extends object ? { [K in keyof T]?: Partially<T[K]> } : T;

/** What may be told: made by `event`, `purchase` ..., or by hand. */
export type TrackedItem = Partially<schema.Item> & { user: string };

export interface ClientOptions {
  /** For a door that asks for one. */
  token?: string;
  /** How long a call may take with all its tries, in ms; 10,000 unless told otherwise. */
  timeout?: number;
  /** Of a `tls://` address: `ca`, `cert`, `key` ... as Node has them. */
  tls?: ConnectionOptions;
}

export interface CallOptions {
  timeout?: number;
}

/** Calls of one daemon, over one connection that is made when it is needed and again when it broke. */
export class Client {
  /** `unix:PATH`, `tcp://HOST:PORT` or `tls://HOST:PORT`; else $TRIGGERD_ADDRESS, else the daemon's own socket. */
  constructor(address?: string, options?: ClientOptions);
  /** Calls under way end with UNAVAILABLE. */
  close(): void;
  /** Tells of one thing; the answer comes after it is on disk. Safe to lose the connection over. */
  track(item: TrackedItem, options?: CallOptions & { nearMisses?: boolean }): Promise<schema.ItemReply>;
  /** Tells of many, in one request: all are taken or none, but for REFUSED ones. */
  trackAll(items: TrackedItem[], options?: CallOptions & { nearMisses?: boolean }): Promise<schema.ItemReply[]>;
  /** The in-app message that is to be shown now, for 30 s; the same device is given the same one again. */
  lease(user: string, device?: string, options?: CallOptions): Promise<schema.Lease | undefined>;
  /** It was shown (`viewed`), `clicked` or `dismissed`. */
  acknowledge(user: string, token: number | bigint, action?: string, options?: CallOptions): Promise<void>;
  /** Not now: the lease is over, and it is not shown for so long. */
  hold(user: string, token: number | bigint, forMs?: number, options?: CallOptions): Promise<void>;
  /** Why the user did or did not get messages, newest first, `limit` at most (100); near misses are not counted. */
  explain(user: string, options?: CallOptions & { campaign?: string; limit?: number }): AsyncGenerator<schema.Decision, void>;
  /** What is known of a user (the first page of it); undefined where nothing is. */
  user(user: string, options?: CallOptions): Promise<schema.User | undefined>;
  health(options?: CallOptions): Promise<schema.HealthReply>;
  /** Any method: `call('Campaigns', 'Stop', ['StopCampaignRequest', { campaign }], 'CampaignStatus')`. `isSafe`: it may be
   * done twice, and so is tried again where it may have been done. */
  call(
    service: string, method: string, request: [type: string, message: object], replyType: string,
    options?: CallOptions & { isSafe?: boolean },
  ): Promise<any>;
}

/** `track` returns at once; items leave in order, again until the daemon has them, and each counts once. */
export class Tracker {
  /** `capacity`: items that may wait (10,000); more are dropped. `onError` is told what the daemon refuses. */
  constructor(client: Client, options?: { capacity?: number; onError?: (item: TrackedItem, error: TriggerdError) => void });
  readonly dropped: number;
  /** False where the queue is full, or closed: the item is dropped. */
  track(item: TrackedItem): boolean;
  /** Waits until everything that was tracked is answered; whether it is within the timeout, in ms. */
  flush(timeout?: number): Promise<boolean>;
  /** Flushes (5 s unless told otherwise), and takes no more. */
  close(timeout?: number): Promise<boolean>;
}

/** Decide by `code`; `message` is for people. */
export class TriggerdError extends Error {
  readonly code: number;
  readonly codeName: string;
  readonly details: { typeUrl: string; value: Uint8Array }[];
  /** The daemon may have had the request: where `code` is UNAVAILABLE, nobody knows whether it was done. */
  readonly sent: boolean;
  readonly isFinal: boolean;
}

export const Code: Readonly<Record<
  'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED'
  | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS' | 'UNAUTHENTICATED', number
>>;

type Values = Record<string, schema.Value>;
interface More {
  /** It counts once, however often it is sent, also by another process. */
  id?: string;
  /** When it happened; without it, now. A number is ms since 1970. */
  time?: Date | number;
  /** Attributes of the profile, set first; null removes one. */
  set?: Values;
  /** It happened before triggerd was there: it counts, and triggers nothing. */
  history?: boolean;
}

/** Something that the user did. */
export function event(user: string, name: string, properties?: Values, more?: More): TrackedItem;
/** One product was bought. */
export function purchase(
  user: string, productId: string, price: number, more?: More & { currency?: string; quantity?: number; properties?: Values },
): TrackedItem;
/** The app was opened; the answer's `message` is what it is to show. */
export function sessionStart(user: string, more?: More & { device?: string; properties?: Values }): TrackedItem;
/** Attributes of the profile; null removes one. */
export function update(user: string, set: Values, more?: More): TrackedItem;
/** Where the user is, in degrees. */
export function location(user: string, latitude: number, longitude: number, more?: More & { properties?: Values }): TrackedItem;
