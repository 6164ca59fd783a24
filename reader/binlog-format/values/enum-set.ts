import type { ValueWriter } from "./value-writer.ts";

/**
 * ENUM, as its member. 0 stands for an invalid value and is written as the empty string, as in
 * MySQL.
 */
export function enumWriter(members: readonly string[], width: number): ValueWriter {
  const texts = ["", ...members].map((member) => Buffer.from(JSON.stringify(member)));
  const unknown = Buffer.from('""');
  return (row, offset, json) => {
    json.raw(texts[row.readUIntLE(offset, width)] ?? unknown);
    return offset + width;
  };
}

/**
 * SET, as an array of its members in the order of the definition. The value has one bit for each
 * member, the lowest first.
 */
export function setWriter(members: readonly string[], width: number): ValueWriter {
  const texts = members.map((member) => Buffer.from(JSON.stringify(member)));
  return (row, offset, json) => {
    json.ascii("[");
    let separate = false;
    texts.forEach((text, bit) => {
      if ((row.readUInt8(offset + (bit >> 3)) & (1 << (bit & 7))) === 0) return;
      if (separate) json.ascii(",");
      separate = true;
      json.raw(text);
    });
    json.ascii("]");
    return offset + width;
  };
}
