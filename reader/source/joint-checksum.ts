import { crc32 } from "node:zlib";
import { viewOf } from "../binlog-format/view-of.ts";

/** The length of a packet's header, and the byte before its event. */
const HEADER_LENGTH = 4;
const BEFORE_EVENT = HEADER_LENGTH + 1;
/** The first byte of a packet that has an event. */
const EVENT = 0;
/** An event's header and its checksum, bytes. */
const SHORTEST_EVENT = 19 + 4;
/** A payload of this length continues in the next packet. */
const LONGEST_PAYLOAD = 0xff_ff_ff;

/** The CRC-32 of any bytes with their own CRC-32 behind them. */
const RESIDUE = 0x2144df1c;
/**
 * After any bytes with their own CRC-32 behind them, these four bytes (lowest first) and a zero
 * bring the register of the CRC-32 back to its initial value.
 */
const JOINT = 0x2ac0d92f;

/** The most packets that are verified at once. */
const MOST = 1024;
/** How many calls do nothing after one whose events did not verify, be it for lack of checksums. */
const PAUSE = 100;

/**
 * Verifies the checksums of consecutive events with one call of zlib's. A call for each of the
 * small events of a transaction would take longer than the checksum itself. For the time of the
 * call, each packet header between two events is replaced by JOINT, so that the CRC-32 of all bytes
 * is RESIDUE if every event has its own CRC-32 behind it. Wrong events hide each other as rarely as
 * a wrong event hides from its own CRC-32, once in 2^32 times.
 */
export class JointChecksum {
  readonly #headers = new Uint32Array(MOST);
  #pause = 0;

  /**
   * The end of the packets from `start` on whose events end with their right checksum; `start` when
   * that is not certain. A packet begins at `start`; the bytes up to `end` may be anything.
   */
  verify(bytes: Buffer, start: number, end: number): number {
    if (this.#pause > 0) {
      this.#pause--;
      return start;
    }
    const view = viewOf(bytes);
    const headers = this.#headers;
    let count = 0;
    let at = start;
    while (count < MOST && at + BEFORE_EVENT <= end && bytes[at + HEADER_LENGTH] === EVENT) {
      const header = view.getUint32(at, true);
      const length = header & LONGEST_PAYLOAD;
      const next = at + HEADER_LENGTH + length;
      if (next > end || length <= SHORTEST_EVENT || length === LONGEST_PAYLOAD) break;
      headers[count++] = header;
      view.setUint32(at, JOINT, true);
      at = next;
    }
    if (count === 0) return start;
    const isRight = crc32(bytes.subarray(start + BEFORE_EVENT, at)) === RESIDUE;
    for (let i = 0, to = start; i < count; i++) {
      const header = headers[i] as number;
      view.setUint32(to, header, true);
      to += HEADER_LENGTH + (header & LONGEST_PAYLOAD);
    }
    if (isRight) return at;
    this.#pause = PAUSE;
    return start;
  }
}
