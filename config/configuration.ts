import type { z } from "zod";
import type { configurationSchema } from "./schema.ts";

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** The configuration object with its defaults filled in, free of every problem that `loadConfig` knows. */
export type Configuration = DeepReadonly<z.output<typeof configurationSchema>>;

/** A configuration that says where MySQL is and in which network the reader runs. */
export interface DeployableConfiguration extends Configuration {
  readonly source: Configuration["source"] & { readonly host: string };
  readonly network: NonNullable<Configuration["network"]>;
}

/** `otherUsers` when changes of users in no environment are counted and not delivered. */
export const DROP = "drop";
