import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';

/**
 * The visitor's address: the connection's own, or, behind proxies, the one that TRUST_PROXY hops name from the right of
 * X-Forwarded-For (Fastify reads it as `request.ip`). What a proxy wrote in another form than an address counts as the
 * proxy's own, so that a forged word never becomes a new visitor.
 */
export function addressOf(request: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  return plainAddress(request.ip) ?? plainAddress(request.socket.remoteAddress) ?? 'unknown';
}

/** `request.ip` as Fastify has it behind so many proxies, without Fastify's request. */
export function forwardedAddress({ headers, socket }: IncomingMessage, hops: number): string {
  const header = headers['x-forwarded-for'];
  let address: string | undefined;
  if (hops === 0 || typeof header !== 'string') return socket.remoteAddress ?? '';
  for (let end = header.length, hop = 0; hop < hops && end > 0; ) {
    const comma = header.lastIndexOf(',', end - 1);
    const named = header.slice(comma + 1, end).trim();
    if (named !== '') {
      address = named;
      hop++;
    }
    end = comma;
  }
  return address ?? socket.remoteAddress ?? '';
}

/** Who shares a limit: an IPv4 address, or a /64 of IPv6, of which every household has a whole one. */
export function limitKey(address: string): string {
  if (isIPv4(address) || !ipaddr.IPv6.isValid(address)) return address;
  return ipaddr.IPv6.parse(address).parts.slice(0, 4).join(':');
}

/** Whether only this machine itself can have that address. */
export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

/** Whether the address may be anybody's, and not just of the own machine or network. */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/**
 * In its one spelling: no port, no brackets, no IPv4 wrapped in IPv6; undefined where it is no address. A connection that
 * has ended has none, and then `request.ip` neither, whatever its type says.
 */
function plainAddress(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  // Nearly all; Node's takes no leading zeros and no parts left out, so that this is the one spelling.
  if (isIPv4(text)) return text;
  const bare = text.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : undefined;
}
