/** Which address and host a request counts for, behind proxies. */
import { isIP, isIPv6 } from 'node:net';
import type { IncomingMessage } from 'node:http';
import proxyaddr from 'proxy-addr';

/**
 * The network that a request came from: by X-Forwarded-For as far as TRUST_PROXY trusts its proxies, and by the address
 * of the connection where what a proxy sent is not an address, for that is whatever its client wrote.
 */
export type ClientNetwork = (req: IncomingMessage) => string;

/** @param trusted TRUST_PROXY: all proxies or none, a number of them, or those at the addresses listed. */
export function clientNetwork(trusted: boolean | number | string): ClientNetwork {
  if (trusted === false) return (req) => network(req.socket.remoteAddress ?? '');
  const trust = trustOf(trusted);
  return (req) => {
    // A closed connection has no address.
    const { remoteAddress = '' } = req.socket;
    const forwarded = remoteAddress === '' ? '' : withoutPort(proxyaddr(req, trust));
    return network(isIP(forwarded.split('%', 1)[0] ?? '') === 0 ? remoteAddress : forwarded);
  };
}

/** The host that a client asked for: by X-Forwarded-Host where the connection is a trusted proxy's, else by Host. */
export function requestHost(trusted: boolean | number | string): (req: IncomingMessage) => string {
  const trust = trusted === false ? () => false : trustOf(trusted);
  return ({ headers, socket }) => {
    const forwarded = headers['x-forwarded-host'];
    if (typeof forwarded !== 'string' || !trust(socket.remoteAddress ?? '', 0)) return headers.host ?? '';
    return forwarded.split(',', 1)[0]?.trimEnd() ?? '';
  };
}

/** As Express reads its setting `trust proxy`. */
function trustOf(trusted: true | number | string): (address: string, hop: number) => boolean {
  if (trusted === true) return () => true;
  if (typeof trusted === 'number') return (_address, hop) => hop < trusted;
  return proxyaddr.compile(trusted.split(',').map((item) => item.trim()));
}

/** Some proxies add the port, a new one for every connection: `192.0.2.1:5000`, `[2001:db8::1]:5000`. */
function withoutPort(address: string): string {
  return (
    /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(address)?.[1] ?? address
  );
}

/** The network of one customer: an IPv4 address, or the /64 of an IPv6 address. */
export function network(address: string): string {
  const [plain = ''] = address.split('%', 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const left = groups(head);
  const right = groups(tail ?? '');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return `${all.slice(0, 4).join(':')}::/64`;
}

/** The 16-bit groups of one side of `::`, without leading zeros; a dotted IPv4 tail counts as two. */
function groups(side: string): string[] {
  if (side === '') return [];
  return side
    .split(':')
    .flatMap((group) => (group.includes('.') ? ['0', '0'] : [group.toLowerCase().replace(/^0+(?=.)/, '')]));
}
