/** The texts behind the words of a program; each has its offset from the program's start. */
export class ProgramTexts {
  readonly #start: number;
  readonly #parts: Uint8Array[] = [];
  readonly #offsets = new Map<Uint8Array, number>();
  #length = 0;

  /** `start`: where the texts begin in the program, bytes. */
  constructor(start: number) {
    this.#start = start;
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  /** Adds a text, unless this array was added before, and returns its offset. */
  add(text: Uint8Array): number {
    const former = this.#offsets.get(text);
    if (former !== undefined) return former;
    const offset = this.#start + this.#length;
    this.#offsets.set(text, offset);
    this.#parts.push(text);
    this.#length += text.length;
    return offset;
  }

  /** Adds texts, and a list of them: their number, and each one's offset and length. */
  addList(texts: readonly Uint8Array[]): number {
    const list = Buffer.alloc(4 + texts.length * 8);
    list.writeUInt32LE(texts.length);
    texts.forEach((text, i) => {
      list.writeUInt32LE(this.add(text), 4 + i * 8);
      list.writeUInt32LE(text.length, 8 + i * 8);
    });
    return this.add(list);
  }
}
