import { JointChecksum } from "./joint-checksum.ts";

/** The usual size of the buffer, bytes: room for an unfinished packet and for another read. */
const BUFFER_BYTES = 128 * 1024;
/** How much is read at once at most, bytes. */
const READ_BYTES = 64 * 1024;
/** The least room beside packets that wait, bytes. */
const ROOM_BYTES = 16 * 1024;

/** Length (3 bytes, lowest first) and sequence number. */
const HEADER_LENGTH = 4;
/** A payload of this length continues in the next packet. */
const LONGEST_PAYLOAD = 0xff_ff_ff;

export interface PacketSplitterOptions {
  /** The sequence number of the first packet. */
  readonly sequence: number;
  /**
   * Called with each packet's payload, in `bytes` from `start` to `end`. The bytes are valid only
   * during the call. It may pause the splitter. `isVerified`: the payload is an event that ends
   * with its right checksum; false when that is not known.
   */
  readonly onPacket: (bytes: Buffer, start: number, end: number, isVerified: boolean) => void;
  /** Called when a packet is missing or comes twice. The splitter pauses then. */
  readonly onDisorder: (error: PacketOrderError) => void;
}

/**
 * Splits the bytes of a connection into MySQL's packets:
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html. One buffer
 * takes the bytes of all reads. For a packet that does not fit, a larger buffer takes its place
 * until the packet is handled.
 */
export class PacketSplitter {
  readonly #options: PacketSplitterOptions;
  readonly #usual: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #buffer: Buffer = this.#usual;
  /** What is not handled yet is in the buffer from `#start` to `#end`. */
  #start = 0;
  #end = 0;
  readonly #checksum = new JointChecksum();
  /** The end of the verified packets, which may be handled already. */
  #verifiedEnd = 0;
  #received = 0;
  #sequence: number;
  /** The parts of a packet that continues. */
  #parts: Buffer[] = [];
  #isPaused = false;
  #isSplitting = false;

  constructor(options: PacketSplitterOptions) {
    this.#options = options;
    this.#sequence = options.sequence;
  }

  /**
   * Where the next bytes are to be put; never empty. It stays valid until `room` is read again,
   * also when packets are handled meanwhile.
   */
  get room(): Buffer {
    const unread = this.#end - this.#start;
    const length = this.#packetEnd() - this.#start;
    const size = length > unread ? length : unread + ROOM_BYTES;
    const buffer = size <= BUFFER_BYTES ? this.#usual : this.#largeBuffer(size);
    if (buffer !== this.#buffer || this.#start > 0)
      this.#buffer.copy(buffer, 0, this.#start, this.#end);
    this.#buffer = buffer;
    this.#verifiedEnd = Math.max(0, this.#verifiedEnd - this.#start);
    this.#start = 0;
    this.#end = unread;
    return buffer.subarray(unread, unread + READ_BYTES);
  }

  /** Handles the packets that are complete with the next `count` bytes, which are in `room`. */
  filled(count: number): void {
    this.#received += count;
    this.#end += count;
    const unverified = Math.max(this.#start, this.#verifiedEnd);
    this.#verifiedEnd = this.#checksum.verify(this.#buffer, unverified, this.#end);
    this.#split();
  }

  /** Like `filled`, for bytes that are elsewhere. */
  append(bytes: Buffer): void {
    for (let done = 0; done < bytes.length;) {
      const count = bytes.copy(this.room, 0, done);
      done += count;
      this.filled(count);
    }
  }

  /** How many bytes it got, also those of packets that are incomplete. */
  get received(): number {
    return this.#received;
  }

  /** Whether bytes are unhandled: those of an incomplete packet, or what waits for `resume`. */
  get isIncomplete(): boolean {
    return this.#end > this.#start || this.#parts.length > 0;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Keeps all further packets until `resume`. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Handles the packets that have arrived meanwhile, unless one of them pauses again. */
  resume(): void {
    this.#isPaused = false;
    this.#split();
  }

  #split(): void {
    if (this.#isSplitting) return;
    this.#isSplitting = true;
    try {
      while (!this.#isPaused) {
        const end = this.#packetEnd();
        if (end > this.#end) break;
        this.#take(end);
      }
    } finally {
      this.#isSplitting = false;
    }
  }

  /** Handles the packet from `#start` to `end`. */
  #take(end: number): void {
    const sequence = this.#buffer[this.#start + 3] ?? 0;
    if (sequence !== this.#sequence) {
      this.#isPaused = true;
      return this.#options.onDisorder(new PacketOrderError(this.#sequence, sequence));
    }
    this.#sequence = (sequence + 1) & 0xff;
    const start = this.#start + HEADER_LENGTH;
    this.#start = end;
    const isContinued = end - start === LONGEST_PAYLOAD;
    if (!isContinued && this.#parts.length === 0)
      return this.#options.onPacket(this.#buffer, start, end, end <= this.#verifiedEnd);
    this.#parts.push(Buffer.from(this.#buffer.subarray(start, end)));
    if (isContinued) return;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#options.onPacket(whole, 0, whole.length, false);
  }

  /** The end of the packet at `#start`; of its header, while that is incomplete. */
  #packetEnd(): number {
    const start = this.#start + HEADER_LENGTH;
    return start > this.#end ? start : start + this.#buffer.readUIntLE(this.#start, 3);
  }

  #largeBuffer(size: number): Buffer {
    return this.#buffer.length === size ? this.#buffer : Buffer.allocUnsafeSlow(size);
  }
}

/** A packet is missing or came twice, so the connection is of no further use. */
export class PacketOrderError extends Error {
  override readonly name = "PacketOrderError";
  readonly code = "PROTOCOL_CONNECTION_LOST";

  constructor(expected: number, received: number) {
    super(`packet ${received} of the server came in place of packet ${expected}`);
  }
}
