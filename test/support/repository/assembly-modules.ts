import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { REPOSITORY_ROOT } from "../../../infra/stack/resources/repository-root.ts";
import { MEMORY_BYTES as UNESCAPE_MEMORY } from "../../../infra/local-aws/sqs/queues/unescape-module/assembly/layout.ts";
import { MEMORY_BYTES as ROWS_MEMORY } from "../../../reader/binlog-format/rows-module/assembly/layout.ts";
import { MEMORY_BYTES as ALIKE_MEMORY } from "../../../wire/alike-module/assembly/layout.ts";
import { MEMORY_BYTES as ESCAPE_MEMORY } from "../../../wire/escape-module/assembly/layout.ts";
import { MEMORY_BYTES as BODIES_MEMORY } from "../../../wire/unescape-module/assembly/layout.ts";

/** The WebAssembly modules: their sources in AssemblyScript, and their memory, bytes. */
export const ASSEMBLY_MODULES = [
  { source: "reader/binlog-format/rows-module/assembly/rows.ts", memoryBytes: ROWS_MEMORY },
  { source: "wire/alike-module/assembly/scan.ts", memoryBytes: ALIKE_MEMORY },
  { source: "wire/escape-module/assembly/escape.ts", memoryBytes: ESCAPE_MEMORY },
  { source: "wire/unescape-module/assembly/unescape.ts", memoryBytes: BODIES_MEMORY },
  {
    source: "infra/local-aws/sqs/queues/unescape-module/assembly/unescape.ts",
    memoryBytes: UNESCAPE_MEMORY,
  },
] as const;

const PAGE_BYTES = 0x10000;

/** Their memory is laid out by hand, so they have neither an allocator nor a garbage collector. */
const OPTIONS = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--pedantic"];

/**
 * The TypeScript file with a compiled module, which is a part of the repository. The same sources
 * give the same text. Throws when the compiler finds an error.
 */
export async function compiledFile({
  source,
  memoryBytes,
}: (typeof ASSEMBLY_MODULES)[number]): Promise<{ readonly path: string; readonly text: string }> {
  const folder = dirname(dirname(join(REPOSITORY_ROOT, source)));
  const pages = String(memoryBytes / PAGE_BYTES);
  const memory = ["--initialMemory", pages, "--maximumMemory", pages];
  const directory = await mkdtemp(join(tmpdir(), "assembly-"));
  try {
    const output = join(directory, "module.wasm");
    // Its types for TypeScript would change those of arrays everywhere, so it is not imported.
    await promisify(execFile)(
      "asc",
      [join(REPOSITORY_ROOT, source), "--outFile", output, ...OPTIONS, ...memory],
      { cwd: folder },
    );
    const base64 = (await readFile(output)).toString("base64");
    return {
      path: join(folder, "compiled.ts"),
      text:
        "// `npm run assembly` writes this file from the AssemblyScript in assembly/.\n" +
        `export const COMPILED =\n  "${base64}";\n`,
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}
