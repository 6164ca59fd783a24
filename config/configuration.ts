import type * as z from "zod";
import type { DeepReadonly } from "./routing.ts";
import type { configurationSchema } from "./schema.ts";

/** A configuration that `loadConfig` has checked, with its defaults filled in. */
export type Configuration = DeepReadonly<z.output<typeof configurationSchema>>;

/** The configuration object as an operator writes it. Keys with a default may be left out. */
export type ConfigurationObject = DeepReadonly<z.input<typeof configurationSchema>>;

/** A configuration with MySQL's host whose queues fit into one stack. */
export interface HostedConfiguration extends Configuration {
  readonly source: Configuration["source"] & { readonly host: string };
}

/** A hosted configuration with the network in which the reader runs. */
export interface DeployableConfiguration extends HostedConfiguration {
  readonly network: NonNullable<Configuration["network"]>;
}
