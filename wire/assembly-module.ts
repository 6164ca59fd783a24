/** What is used of WebAssembly, whose types TypeScript has only together with those of browsers. */
interface WebAssemblyParts {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: Imports) => { readonly exports: unknown };
}

/** The functions that a module calls, by the file that declares them and their name. */
type Imports = Readonly<Record<string, Readonly<Record<string, (...values: number[]) => number>>>>;

/** A Node that was told to compile nothing at run time (`--jitless`) has none. */
export function hasWebAssembly(): boolean {
  return (globalThis as { readonly WebAssembly?: unknown }).WebAssembly !== undefined;
}

/** The exports of a module that `npm run assembly` compiled; `base64` is what it wrote. */
export function instantiate(base64: string, imports: Imports = {}): unknown {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyParts };
  const module = new WebAssembly.Module(Buffer.from(base64, "base64"));
  return new WebAssembly.Instance(module, imports).exports;
}
