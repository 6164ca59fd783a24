import { CorruptEventError } from "./errors.ts";

/**
 * Reads the fields of an event one after the other. Every method throws CorruptEventError when the
 * field would exceed the event.
 */
export class ByteReader {
  readonly bytes: Buffer;
  readonly end: number;
  offset: number;

  constructor(bytes: Buffer, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  /** Skips `length` bytes and returns their start. */
  skip(length: number): number {
    const start = this.offset;
    if (!(length <= this.end - start)) throw new CorruptEventError("an event ends inside a field");
    this.offset = start + length;
    return start;
  }

  slice(length: number): Buffer {
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  utf8(length: number): string {
    const start = this.skip(length);
    return this.bytes.toString("utf8", start, start + length);
  }

  uint8(): number {
    return this.bytes.readUInt8(this.skip(1));
  }

  uint16(): number {
    return this.bytes.readUInt16LE(this.skip(2));
  }

  /** An integer of `length` bytes up to 6, little-endian. */
  uint(length: number): number {
    return this.bytes.readUIntLE(this.skip(length), length);
  }

  uint64(): bigint {
    return this.bytes.readBigUInt64LE(this.skip(8));
  }

  /** A length-encoded integer of the client protocol (`net_field_length_ll`). */
  lengthEncoded(): number {
    const first = this.uint8();
    if (first < 251) return first;
    if (first === 252) return this.uint16();
    if (first === 253) return this.uint(3);
    if (first !== 254) throw new CorruptEventError("a length-encoded integer has an unknown form");
    const value = this.uint64();
    if (value > Number.MAX_SAFE_INTEGER) throw new CorruptEventError("a length exceeds 2^53");
    return Number(value);
  }

  /** Reads a length-encoded integer and that many bytes. */
  lengthEncodedSlice(): Buffer {
    return this.slice(this.lengthEncoded());
  }
}
