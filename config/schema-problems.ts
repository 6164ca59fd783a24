import type { z } from "zod";
import { type ConfigProblem, pathText } from "./config-error.ts";

/** zod's findings as sentences that go on after the path: `source.port` "must be a number". */
export function schemaProblems(issues: readonly z.core.$ZodIssue[]): ConfigProblem[] {
  return issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({
          path: pathText([...issue.path, key]),
          message: "is not a key of the configuration",
        }))
      : [{ path: pathText(issue.path), message: sentence(issue) }],
  );
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") {
    return issue.input === undefined ? "is missing" : `must be ${withArticle(issue.expected)}`;
  }
  if (issue.code === "invalid_value") {
    return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
  }
  if (typeof issue.input === "number" && issue.code === "too_small") {
    return `must be at least ${issue.minimum}`;
  }
  if (typeof issue.input === "number" && issue.code === "too_big") {
    return `must be at most ${issue.maximum}`;
  }
  return issue.message;
}

function withArticle(type: string): string {
  if (type === "int") return "a whole number";
  const word = type === "record" ? "object" : type;
  return `${/^[aeio]/.test(word) ? "an" : "a"} ${word}`;
}
