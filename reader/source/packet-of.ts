/** More than the server's longest error, bytes. */
const LONGEST_ERROR = 4096;

/**
 * The packet with a header, for mysql2, which makes errors of the server's. Of a longer payload,
 * which no error has, only the beginning.
 */
export function packetOf(payload: Buffer, sequence: number): Buffer {
  const beginning = payload.subarray(0, LONGEST_ERROR);
  const header = Buffer.alloc(4);
  header.writeUIntLE(beginning.length, 0, 3);
  header[3] = sequence;
  return Buffer.concat([header, beginning]);
}
