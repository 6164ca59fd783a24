// The last step of the package's build: the code of reader and functions, where PACKAGED_CODE looks
// for it.
import { join } from "node:path";
import { bundleParts } from "../bundles/bundle.ts";

bundleParts(join(import.meta.dirname, "dist", "code"));
