/** The body of an HTTP request, up to a limit: what is sent to a server on loopback may come from any page. */
import type { IncomingMessage } from 'node:http';

/** A RangeError where it has more bytes than `most`; the rest is not read. */
export async function requestBody(request: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) throw new RangeError(`a request has at most ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
