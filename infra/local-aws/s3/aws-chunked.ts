/**
 * Decodes a body in S3's `aws-chunked` encoding: chunks of `<hex
 * length>[;chunk-signature=…]\r\n<data>\r\n`, a chunk of length 0, then trailing headers such as
 * `x-amz-checksum-crc32:…`.
 */
export function decodeAwsChunked(body: Buffer): { content: Buffer; trailers: Map<string, string> } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = body.indexOf("\r\n", at);
    if (lineEnd < 0) throw new RangeError("a chunk has no length");
    const length = Number.parseInt(body.toString("latin1", at, lineEnd), 16);
    if (!(length >= 0)) throw new RangeError("a chunk has no length");
    at = lineEnd + 2;
    if (length === 0) break;
    chunks.push(body.subarray(at, at + length));
    at += length + 2;
  }
  return { content: Buffer.concat(chunks), trailers: parseTrailers(body.toString("latin1", at)) };
}

function parseTrailers(text: string): Map<string, string> {
  const trailers = new Map<string, string>();
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) trailers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return trailers;
}
