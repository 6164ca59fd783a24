/**
 * `lockout`: accounts cannot log in. `loss`: changes would be lost or garbled, and the reader
 * refuses to start. `warning`: it should be corrected. `note`: worth knowing; a server may be as it
 * should be with it.
 */
export type Severity = "lockout" | "loss" | "warning" | "note";

/** The gravest first. */
export const SEVERITIES: readonly Severity[] = ["lockout", "loss", "warning", "note"];

/** One thing that the doctor found. */
export interface Finding {
  /** Stable and short, for machines: `binlog_format`, `ledger.init_connect`. */
  readonly check: string;
  /**
   * What it is about, where a check can find several things: an account, a subscriber's pattern.
   */
  readonly about?: string;
  readonly severity: Severity;
  /** What is the case. */
  readonly what: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do, in words; with the statements when there are some. */
  readonly remedy: string;
  readonly statements: readonly string[];
  /** What has to be done by hand before the statements, and after them. */
  readonly before?: string;
  readonly after?: string;
}

/** A finding whose remedy is to run statements. */
export function mendedBy(
  statements: readonly string[],
  finding: Omit<Finding, "remedy" | "statements">,
  afterwards = "",
): Finding {
  const remedy = `Run ${statements.join("; ")}${afterwards === "" ? "" : `, ${afterwards}`}.`;
  return { ...finding, remedy, statements };
}

/** A finding that no statement resolves. */
export function mendedByHand(
  remedy: string,
  finding: Omit<Finding, "remedy" | "statements">,
): Finding {
  return { ...finding, remedy, statements: [] };
}

/**
 * A finding whose remedy is to set a server variable, which on RDS only the parameter group does.
 */
export function mendedBySetting(
  name: string,
  value: string,
  isRds: boolean,
  finding: Omit<Finding, "remedy" | "statements">,
  afterwards = "",
): Finding {
  const statement = `SET PERSIST ${name} = ${/^\d+$/.test(value) ? value : `'${value}'`}`;
  if (!isRds) return mendedBy([statement], finding, afterwards);
  const parameter = `Set ${name} to ${value === "" ? "nothing" : value} in the parameter group`;
  return mendedByHand(`${parameter}${afterwards === "" ? "" : `, ${afterwards}`}.`, finding);
}
