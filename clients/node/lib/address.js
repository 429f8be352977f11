// Where the daemon listens.

import net from 'node:net';
import tls from 'node:tls';

/** `unix:PATH`, `tcp://HOST:PORT` or `tls://HOST:PORT`. Throws TypeError. */
export function parseAddress(text) {
  if (text.startsWith('unix:')) {
    const path = text.slice(5).replace(/^\/\//, '');
    if (path === '') throw new TypeError(`'${text}' names no path: write unix:/run/triggerd/triggerd.sock`);
    // A path that begins with `@` is an abstract address.
    return { scheme: 'unix', path: path.startsWith('@') ? `\0${path.slice(1)}` : path, text };
  }
  const [, scheme, bracketed, host, port] = /^(tcp|tls):\/\/(?:\[([^\]]+)\]|([^:/]+)):([0-9]{1,5})$/.exec(text) ?? [];
  if (scheme === undefined || +port < 1 || +port > 65535) {
    throw new TypeError(`'${text}' is no address: write unix:PATH, tcp://HOST:PORT or tls://HOST:PORT`);
  }
  return { scheme, host: bracketed ?? host, port: +port, text };
}

/** $TRIGGERD_ADDRESS, else the socket of $TRIGGERD_SOCKET, else where the daemon listens unless told otherwise. */
export function defaultAddress() {
  const { TRIGGERD_ADDRESS: address, TRIGGERD_SOCKET: path, XDG_RUNTIME_DIR: folder } = process.env;
  return address || `unix:${path || `${folder || '/run'}/triggerd/triggerd.sock`}`;
}

/** Whether what is sent there can be read on the way. */
export function isOpenToOthers({ scheme, host }) {
  const isLoopback = host === 'localhost' || host === '::1' || (net.isIPv4(host ?? '') && host.startsWith('127.'));
  return scheme === 'tcp' && !isLoopback;
}

/** A socket that connects; it emits `connect` (of TLS `secureConnect`). */
export function open(address, tlsOptions) {
  if (address.scheme === 'unix') return net.connect({ path: address.path });
  const { host, port } = address;
  if (address.scheme === 'tcp') return net.connect({ host, port, noDelay: true });
  return tls.connect({ servername: net.isIP(host) ? undefined : host, ...tlsOptions, host, port });
}
