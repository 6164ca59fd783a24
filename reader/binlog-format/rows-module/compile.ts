import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MEMORY_BYTES } from "./assembly/layout.ts";

const PAGE_BYTES = 0x10000;

/** Its memory is laid out by hand, so it has neither an allocator nor a garbage collector. */
const OPTIONS = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--pedantic"];

/**
 * Compiles the module of rows. The same sources give the same bytes. Throws when the compiler finds
 * an error.
 */
async function compileRowsModule(): Promise<Uint8Array> {
  const pages = String(MEMORY_BYTES / PAGE_BYTES);
  const memory = ["--initialMemory", pages, "--maximumMemory", pages];
  const directory = await mkdtemp(join(tmpdir(), "rows-module-"));
  try {
    const output = join(directory, "rows.wasm");
    // Its types for TypeScript would change those of arrays everywhere, so it is not imported.
    await promisify(execFile)(
      "asc",
      ["assembly/rows.ts", "--outFile", output, ...OPTIONS, ...memory],
      { cwd: import.meta.dirname },
    );
    return await readFile(output);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The TypeScript file with the compiled module, which is a part of the repository. */
export async function compiledFile(): Promise<{ readonly path: string; readonly text: string }> {
  const base64 = Buffer.from(await compileRowsModule()).toString("base64");
  return {
    path: join(import.meta.dirname, "compiled.ts"),
    text:
      "// `npm run rows-module` writes this file from the AssemblyScript in assembly/.\n" +
      `export const ROWS_MODULE =\n  "${base64}";\n`,
  };
}
