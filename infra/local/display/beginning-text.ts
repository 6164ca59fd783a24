import type { StartOptions } from "../request/options.ts";

/** Tells a person which state the run starts from, and which state is kept after it. */
export function beginningText(
  { mysql, schemaFile }: Pick<StartOptions, "mysql" | "schemaFile">,
  /** `source.start` of the configuration. */
  start: string,
  kept: { readonly path: string; readonly isFirst: boolean } | null,
): string[] {
  const parts = `${mysql === undefined ? "MySQL, " : ""}queues, tables and offset`;
  const fromNow =
    mysql !== undefined && start === "now" && kept?.isFirst !== false
      ? ["Delivered is what is written from now on; what this server wrote before is not."]
      : [];
  if (kept === null)
    return [
      ...fromNow,
      `Begun empty, and gone when this stops: ${parts}. With --keep they outlive it.`,
    ];
  if (kept.isFirst) return [...fromNow, `Kept in ${kept.path} for the next --keep: ${parts}.`];
  return [
    `Gone on with what is kept in ${kept.path}: ${parts}.`,
    ...(schemaFile === undefined ? [] : ["--schema was run by the first start; not again."]),
  ];
}
