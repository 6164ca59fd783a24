import { writeFile } from "node:fs/promises";
import { compiledFile } from "./compile.ts";

const { path, text } = await compiledFile();
await writeFile(path, text);
