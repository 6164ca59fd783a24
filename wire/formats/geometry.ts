import { GEOMETRY_TYPES } from "../geometry-types.ts";

/**
 * Converts well-known binary to well-known text, in JTS's notation: `POINT (1 2)`, `POLYGON ((0 0,
 * 1 0, 1 1, 0 0))`, `GEOMETRYCOLLECTION EMPTY`. Throws RangeError for bytes that are not a
 * geometry. Format: OGC 06-103r4, sections 7 and 8; two dimensions, like MySQL's geometries.
 */
export function wellKnownText(binary: Buffer): string {
  return new GeometryReader(binary).tagged();
}

/**
 * The coordinates of a POINT in well-known binary. Throws RangeError for bytes that are not a
 * point.
 */
export function pointOf(binary: Buffer): { readonly x: number; readonly y: number } {
  const [x, y] = new GeometryReader(binary).point();
  return { x, y };
}

/** MySQL abbreviates the name GEOMETRYCOLLECTION. */
const NAMES = GEOMETRY_TYPES.map((name) =>
  name === "geomcollection" ? "GEOMETRYCOLLECTION" : name.toUpperCase(),
);

class GeometryReader {
  readonly #bytes: Buffer;
  #offset = 0;
  #littleEndian = true;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  tagged(): string {
    const type = this.#type();
    const name = NAMES[type];
    // GEOMETRY (0) is a type of columns; no value has it.
    if (name === undefined || type === 0) throw new RangeError(`geometry type ${type} is unknown`);
    return `${name} ${this.#contents(type)}`;
  }

  point(): readonly [number, number] {
    if (this.#type() !== 1) throw new RangeError("not a point");
    return [this.#double(), this.#double()];
  }

  #contents(type: number): string {
    switch (type) {
      case 1:
        return `(${this.#coordinates()})`;
      case 2:
        return this.#list(() => this.#coordinates());
      case 3:
        return this.#list(() => this.#contents(2));
      case 7:
        return this.#list(() => this.tagged());
      default: // of points, line strings or polygons, each with its own header
        return this.#list(() => this.#contents(this.#type()));
    }
  }

  #list(item: () => string): string {
    const count = this.#uint32();
    if (count === 0) return "EMPTY";
    return `(${Array.from({ length: count }, item).join(", ")})`;
  }

  #coordinates(): string {
    return `${this.#double()} ${this.#double()}`;
  }

  #type(): number {
    this.#littleEndian = this.#bytes.readUInt8(this.#offset) === 1;
    this.#offset += 1;
    return this.#uint32();
  }

  #uint32(): number {
    const at = this.#offset;
    this.#offset += 4;
    return this.#littleEndian ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at);
  }

  #double(): number {
    const at = this.#offset;
    this.#offset += 8;
    return this.#littleEndian ? this.#bytes.readDoubleLE(at) : this.#bytes.readDoubleBE(at);
  }
}
