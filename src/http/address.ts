/** Whose address a request counts for. */
import { isIP, isIPv6 } from 'node:net';
import type { IncomingMessage } from 'node:http';
import proxyaddr from 'proxy-addr';

/**
 * The network that a request came from, as far as TRUST_PROXY lets proxies say so. What a proxy says that is no address
 * would be whatever its client wrote: then it is the address of the connection.
 */
export type ClientNetwork = (req: IncomingMessage) => string;

/** @param trusted TRUST_PROXY: all proxies or none, so many of them, or those at the addresses listed. */
export function clientNetwork(trusted: boolean | number | string): ClientNetwork {
  if (trusted === false) return (req) => network(req.socket.remoteAddress ?? '');
  const trust = trustOf(trusted);
  return (req) => {
    // A connection that is gone has no address.
    const { remoteAddress = '' } = req.socket;
    const told = remoteAddress === '' ? '' : withoutPort(proxyaddr(req, trust));
    return network(isIP(told.split('%', 1)[0] ?? '') === 0 ? remoteAddress : told);
  };
}

/** As Express reads its setting `trust proxy`. */
function trustOf(trusted: true | number | string): (address: string, hop: number) => boolean {
  if (trusted === true) return () => true;
  if (typeof trusted === 'number') return (_address, hop) => hop < trusted;
  return proxyaddr.compile(trusted.split(',').map((item) => item.trim()));
}

/** Some proxies write the port too, and a new one for every connection: `192.0.2.1:5000`, `[2001:db8::1]:5000`. */
function withoutPort(address: string): string {
  return (
    /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(address)?.[1] ?? address
  );
}

/** Whose address it is: an IPv4 address alone, of IPv6 the /64 that one customer usually has. */
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
