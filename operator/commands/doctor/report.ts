import type { Script } from "../../ledger/statements.ts";
import { type Finding, SEVERITIES, type Severity } from "../../../reader/source/finding.ts";

const MARKS: Readonly<Record<Severity, string>> = {
  lockout: "LOCKED OUT",
  loss: "DATA LOSS",
  warning: "warning",
  note: "note",
};

/** The findings for people, the gravest first. */
export function reportText(findings: readonly Finding[]): string {
  const lines = sorted(findings).map(
    ({ severity, check, what, why, remedy }) =>
      `${MARKS[severity]}  ${check}: ${what}.\n    Why it matters: ${why}.\n    What to do: ${remedy}`,
  );
  const mattering = findings.filter(isFault).length;
  lines.push(
    mattering === 0
      ? "Nothing has to be mended."
      : `${mattering} ${mattering === 1 ? "finding" : "findings"} to mend; --sql prints the statements.`,
  );
  return lines.join("\n");
}

/** Whether a finding makes the doctor exit with 1. */
export function isFault({ severity }: Finding): boolean {
  return severity !== "note";
}

/**
 * A script for the mysql client that mends what statements can mend, the gravest first; to be read
 * before it is run.
 */
export function repairScript(findings: readonly Finding[]): string {
  const parts = sorted(findings.filter(isFault)).map((finding) => {
    const { check, what, remedy, statements } = finding;
    const comment = `-- ${check}: ${oneLine(what)}`;
    if (statements.length === 0) return `${comment}\n-- By hand: ${oneLine(remedy)}`;
    return `${comment}\n${scriptText(finding)}`;
  });
  return parts.join("\n\n");
}

/** Statements for the mysql client, and what has to be done by hand around them as comments. */
export function scriptText({ before, statements, after }: Script): string {
  return [
    ...(before === undefined ? [] : [`-- First, by hand: ${oneLine(before)}`]),
    ...statements.map(terminated),
    ...(after === undefined ? [] : [`-- Then, by hand: ${oneLine(after)}`]),
  ].join("\n");
}

function sorted(findings: readonly Finding[]): Finding[] {
  return SEVERITIES.flatMap((severity) =>
    findings.filter((finding) => finding.severity === severity),
  );
}

/** A routine's body has semicolons of its own. */
function terminated(statement: string): string {
  return /\bBEGIN\b[\s\S]*;/.test(statement)
    ? `DELIMITER $$\n${statement}$$\nDELIMITER ;`
    : `${statement};`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
