import type { z } from "zod";
import type { DeepReadonly } from "./routing.ts";
import type { configurationSchema } from "./schema.ts";

/** The configuration object with its defaults filled in, free of every problem that `loadConfig` knows. */
export type Configuration = DeepReadonly<z.output<typeof configurationSchema>>;

/** A configuration that says where MySQL is and in which network the reader runs. */
export interface DeployableConfiguration extends Configuration {
  readonly source: Configuration["source"] & { readonly host: string };
  readonly network: NonNullable<Configuration["network"]>;
}
