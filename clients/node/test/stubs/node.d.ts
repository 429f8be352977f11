// Of @types/node what index.d.ts names.
declare module 'node:tls' {
  export interface ConnectionOptions {
    ca?: string | string[];
  }
}
declare const console: { log(...values: unknown[]): void };
