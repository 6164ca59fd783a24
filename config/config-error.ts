/** One thing wrong with a configuration: where, and a sentence about it. */
export interface ConfigProblem {
  /** As one writes it in JavaScript, without the object's own name: `environments.staging.users[1]`. */
  readonly path: string;
  readonly message: string;
}

/** A configuration that cannot be used. `problems` has all of them, each naming its place. */
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

/** The text of a path, from its steps. */
export function pathText(steps: readonly PropertyKey[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === "number") return `${path}[${step}]`;
    const name = String(step);
    if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name)) return `${path}[${JSON.stringify(name)}]`;
    return path === "" ? name : `${path}.${name}`;
  }, "");
}
