import type { Connection } from "mysql2";

// The parts of mysql2's and zongji's internal interfaces by which a dump is requested
// (lib/base/connection.js; SimplePacket in lib/sequence/binlog.js).
interface Request {
  buffer: Buffer;
}

declare module "mysql2" {
  interface Connection {
    writePacket(packet: Request): void;
  }
}

/**
 * COM_BINLOG_DUMP_GTID: packet header (4 bytes), command (1), flags (2), server id (4), length of
 * the file's name (4), the name, offset (8), length of the GTID set (4), the set.
 */
const NAME_LENGTH = 11;
const BEHIND_NAME = 15;

/**
 * Puts a file's name into the connection's next packet, zongji's request of a dump behind GTIDs.
 * zongji names none, so the server would look for the file with the first GTID that is not in the
 * set.
 */
export function nameFile(connection: Connection, file: string): void {
  const writePacket = connection.writePacket.bind(connection);
  connection.writePacket = (packet) => {
    connection.writePacket = writePacket;
    const name = Buffer.from(file);
    const length = Buffer.alloc(BEHIND_NAME - NAME_LENGTH);
    length.writeUInt32LE(name.length);
    const { buffer } = packet;
    const [head, rest] = [buffer.subarray(0, NAME_LENGTH), buffer.subarray(BEHIND_NAME)];
    packet.buffer = Buffer.concat([head, length, name, rest]);
    writePacket(packet);
  };
}
