import type { z } from "zod";
import type { DeepReadonly } from "./routing.ts";
import type { configurationSchema } from "./schema.ts";

/**
 * The configuration object with its defaults filled in, free of every problem that `loadConfig`
 * knows.
 */
export type Configuration = DeepReadonly<z.output<typeof configurationSchema>>;

/** The object as people write it: what has a default may be left out. */
export type ConfigurationObject = DeepReadonly<z.input<typeof configurationSchema>>;

/** A configuration that says where MySQL is, and whose queues fit into a stack. */
export interface HostedConfiguration extends Configuration {
  readonly source: Configuration["source"] & { readonly host: string };
}

/** One that says in which network the reader runs, too. */
export interface DeployableConfiguration extends HostedConfiguration {
  readonly network: NonNullable<Configuration["network"]>;
}
