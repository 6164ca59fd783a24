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
      ? [
          "Changes that are written from now on are delivered; earlier changes of this server are not.",
        ]
      : [];
  if (kept === null)
    return [
      ...fromNow,
      `These begin empty, and are removed when npm start stops: ${parts}. With --keep they are kept.`,
    ];
  if (kept.isFirst)
    return [...fromNow, `Kept in ${kept.path} for the next start with --keep: ${parts}.`];
  return [
    `This run continues what is kept in ${kept.path}: ${parts}.`,
    ...(schemaFile === undefined
      ? []
      : ["--schema was run by the first start and is not run again."]),
  ];
}
