import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
/** `printWidth` of .oxfmtrc.json, which applies to code and Markdown. */
const WIDTH = 100;

/** A line that is a comment, or part of one; `text` follows the comment mark. */
const COMMENT = /^\s*(?:\/\*\*?|\*|\/\/) ?(?<text>.*)$/;
/** Not checked: a link cannot be broken; an indented text is a table, a picture or code. */
const FREE = /https?:\/\/\S+|docs\.aws\.amazon\.com\/\S+|^ /;

/** Each comment line that is too long, as `file:line`. */
export function longComments(): string[] {
  const files = globSync("**/*.{ts,cjs,mjs}", {
    cwd: ROOT,
    exclude: (name) =>
      ["node_modules", "dist", "cdk.out", ".local", ".cache", ".git"].includes(
        name.split("/").at(-1) ?? "",
      ),
  });
  return files.sort().flatMap((file) =>
    readFileSync(join(ROOT, file), "utf8")
      .split("\n")
      .flatMap((line, index) => {
        const text = COMMENT.exec(line)?.groups?.["text"];
        return text !== undefined && line.length > WIDTH && !FREE.test(text)
          ? [`${file}:${index + 1}`]
          : [];
      }),
  );
}

if (import.meta.main) {
  const found = longComments();
  for (const place of found)
    console.error(`${place}: a comment line of more than ${WIDTH} characters`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
