import { writeFile } from "node:fs/promises";
import { ASSEMBLY_MODULES, compiledFile } from "./assembly-modules.ts";

for (const module of ASSEMBLY_MODULES) {
  const { path, text } = await compiledFile(module);
  await writeFile(path, text);
}
