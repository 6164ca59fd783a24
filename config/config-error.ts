import type * as z from "zod";

/** A problem in a configuration. */
export interface ConfigProblem {
  /**
   * The place in JavaScript's notation: `environments.staging.users[1]`; "" for the whole
   * configuration.
   */
  readonly path: string;
  readonly message: string;
}

/** The configuration is invalid. Remedy: correct all `problems`; each names its place. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    const lines = problems.map(({ path, message }) =>
      path === "" ? `The configuration ${message}.` : `${path} ${message}.`,
    );
    super(lines.join("\n"), options);
    this.problems = problems;
  }
}

/** A path's text from its steps. */
export function pathText(steps: readonly PropertyKey[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === "number") return `${path}[${step}]`;
    const name = String(step);
    if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name)) return `${path}[${JSON.stringify(name)}]`;
    return path === "" ? name : `${path}.${name}`;
  }, "");
}

/** Translates zod's issues to sentences that follow the path: `source.port` "must be a number". */
export function schemaProblems(issues: readonly z.core.$ZodIssue[]): ConfigProblem[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: pathText([...issue.path, key]),
        message: "is not a key of the configuration",
      }));
    }
    const inner = innerIssues(issue);
    return inner.length > 0
      ? schemaProblems(inner.map((each) => ({ ...each, path: [...issue.path, ...each.path] })))
      : [{ path: pathText(issue.path), message: sentence(issue) }];
  });
}

/**
 * The issues inside an issue: those of a key, or for a union those of the alternative whose type
 * the value has.
 */
function innerIssues(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code === "invalid_key") return issue.issues.map((each) => ({ ...each, path: [] }));
  if (issue.code !== "invalid_union") return [];
  return issue.errors.find((issues) => !issues.some(isOfOtherType)) ?? [];
}

function isOfOtherType({ code, path }: z.core.$ZodIssue): boolean {
  return code === "invalid_type" && path.length === 0;
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") {
    return issue.input === undefined ? "is missing" : `must be ${withArticle(issue.expected)}`;
  }
  if (issue.code === "invalid_union") return "has a value of the wrong type";
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
