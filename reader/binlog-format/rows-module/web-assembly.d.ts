/** What is used of WebAssembly. TypeScript has its types only together with those of browsers. */
declare namespace WebAssembly {
  class Memory {
    readonly buffer: ArrayBuffer;
  }

  class Instance {
    /** `module`: of the class `Module`, which has nothing that is used. */
    constructor(
      module: object,
      imports: Readonly<Record<string, Readonly<Record<string, (...values: number[]) => number>>>>,
    );
    readonly exports: Readonly<Record<string, unknown>>;
  }

  const Module: new (bytes: Uint8Array) => object;
}
