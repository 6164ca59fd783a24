import { join } from "node:path";

const CHECKOUT = join(import.meta.dirname, "../..");

/** The configuration that the commands use by default. */
export const DEFAULT_CONFIG_FILE = join(CHECKOUT, "cdk.json");

/** The file that `npm start` writes by default. */
export const DEFAULT_STACK_FILE = join(CHECKOUT, ".local/stack.json");
