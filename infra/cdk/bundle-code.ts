// The last step of the package's build: bundles the code of reader and functions into the folder
// that PACKAGED_CODE names.
import { join } from "node:path";
import { bundleParts } from "../bundles/bundle.ts";

bundleParts(join(import.meta.dirname, "dist", "code"));
