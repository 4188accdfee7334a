import type { IncomingMessage, ServerResponse } from 'node:http';
import { mintId } from '@parley/contract';
import type { TRPCRequestInfo } from '@trpc/server/http';
import { rateHeaders, replayedHeader } from './answer-headers.ts';
import type { HostedRequest } from './context.ts';
import { requestHeaders } from './request-headers.ts';

/**
 * Describes a request of `node:http` for `createContext`. It sets headers on `response`, first the id of the
 * request as `x-request-id`. `info` comes from tRPC's adapters: its signal aborts when the client disconnects.
 * `address` is the client's address for rate limits; without it, limits of addresses do not apply.
 */
export function nodeRequest(
  request: Pick<IncomingMessage, 'headers'>,
  response: Pick<ServerResponse, 'setHeader' | 'removeHeader'>,
  info: Pick<TRPCRequestInfo, 'signal' | 'calls'>,
  address?: string,
): HostedRequest {
  const requestId = mintId('request');
  const say = (headers: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  };
  say({ 'x-request-id': requestId });
  return {
    headers: requestHeaders(request.headers),
    requestId,
    isBodyChecked: false,
    client: () => (address === undefined ? undefined : { text: address, isUnnamedProxy: false }),
    procedures: info.calls.map(({ path }) => path),
    disconnect: () => info.signal,
    onReplay: () => say({ [replayedHeader.name]: replayedHeader.value }),
    onRate: (rate) => say(rateHeaders(rate)),
    onForeignOrigin: () => response.removeHeader('access-control-allow-origin'),
  };
}
