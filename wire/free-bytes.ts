/**
 * Frees a buffer's memory at once. The buffer is empty from then on, and nothing may still read
 * from it or write to it, a request or a thread of zlib's neither. Otherwise its memory stays until
 * V8 collects its whole heap, which it does only after dozens of megabytes. A small buffer is part
 * of one that others share, and stays as it is.
 */
export function freeBytes({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0);
}
