import { styleText } from "node:util";
import { visible } from "../../shared/render.ts";
import type { TailedChange } from "./tailed-change.ts";

type Style = Parameters<typeof styleText>[0];

/** Applies a style to a text, or returns it unchanged. */
export type Paint = (style: Style, text: string) => string;

export const PLAIN: Paint = (_style, text) => text;

const OPERATIONS: Readonly<Record<string, readonly [name: string, style: Style]>> = {
  c: ["insert", "green"],
  u: ["update", "yellow"],
  d: ["delete", "red"],
  t: ["truncate", "red"],
  ddl: ["define", "magenta"],
};

/**
 * Describes a change in one line: time, operation, the row or its changed columns, author and
 * subscribers.
 */
export function tailText(change: TailedChange, paint: Paint): string {
  const { at, op, table, key, user, host, subscribers } = change;
  const [name, style] = OPERATIONS[op] ?? [op, "white"];
  const who = host === "" ? user : `${user}@${host}`;
  return [
    paint("dim", at.slice(11, 23)),
    paint(style, name.padEnd(8)),
    paint("bold", oneLine(table)),
    ...(key === null ? [] : [paint("cyan", oneLine(JSON.stringify(key)))]),
    ...contents(change).map(oneLine),
    paint("dim", `by ${oneLine(who)} → ${subscribers.join(", ")}`),
  ].join(" ");
}

/** A text without what would begin a line or control the terminal. */
function oneLine(text: string): string {
  return visible(text).replace(/[\n\t]/g, " ");
}

function contents({ op, before, after, statement }: TailedChange): readonly string[] {
  if (statement !== undefined) return [statement];
  if (op !== "u") return [JSON.stringify(after ?? before) ?? ""].filter((text) => text !== "null");
  const was = (before ?? {}) as Readonly<Record<string, unknown>>;
  const is = (after ?? {}) as Readonly<Record<string, unknown>>;
  return Object.keys(is)
    .filter((column) => JSON.stringify(was[column]) !== JSON.stringify(is[column]))
    .map(
      (column) =>
        `${column}: ${JSON.stringify(was[column]) ?? "?"} ⇒ ${JSON.stringify(is[column])}`,
    );
}
