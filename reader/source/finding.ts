/**
 * `lockout`: accounts cannot log in. `loss`: changes would be lost or garbled, and the reader
 * refuses to start. `warning`: it should be corrected. `note`: worth knowing; it need not be
 * corrected.
 */
export type Severity = "lockout" | "loss" | "warning" | "note";

/** The most severe first. */
export const SEVERITIES: readonly Severity[] = ["lockout", "loss", "warning", "note"];

/** A problem or note that the doctor reports. */
export interface Finding {
  /** Stable and short, for machines: `binlog_format`, `ledger.init_connect`. */
  readonly check: string;
  /**
   * The account, subscriber's pattern, … that the finding concerns, where a check can have several.
   */
  readonly about?: string;
  readonly severity: Severity;
  /** The state that was found. */
  readonly what: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do, in words; it contains the statements, if any. */
  readonly remedy: string;
  readonly statements: readonly string[];
  /** Manual steps before the statements (`before`) and after them (`after`). */
  readonly before?: string;
  readonly after?: string;
}

/** A finding whose remedy is to run statements. */
export function fixedByStatements(
  statements: readonly string[],
  finding: Omit<Finding, "remedy" | "statements">,
  afterwards = "",
): Finding {
  const remedy = `Run ${statements.join("; ")}${afterwards === "" ? "" : `, ${afterwards}`}.`;
  return { ...finding, remedy, statements };
}

/** A finding whose remedy is a manual step. */
export function fixedByHand(
  remedy: string,
  finding: Omit<Finding, "remedy" | "statements">,
): Finding {
  return { ...finding, remedy, statements: [] };
}

/** A finding whose remedy is to set a server variable. On RDS only a parameter group can set it. */
export function fixedBySetting(
  name: string,
  value: string,
  isRds: boolean,
  finding: Omit<Finding, "remedy" | "statements">,
  afterwards = "",
): Finding {
  const statement = `SET PERSIST ${name} = ${/^\d+$/.test(value) ? value : `'${value}'`}`;
  if (!isRds) return fixedByStatements([statement], finding, afterwards);
  const parameter = `Set ${name} to ${value === "" ? "nothing" : value} in the parameter group`;
  return fixedByHand(`${parameter}${afterwards === "" ? "" : `, ${afterwards}`}.`, finding);
}
