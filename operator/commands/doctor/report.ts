import type { ReportedFinding } from "./accept.ts";
import type { Script } from "../../ledger/statements.ts";
import { SEVERITIES, type Severity } from "../../../reader/source/finding.ts";

const MARKS: Readonly<Record<Severity, string>> = {
  lockout: "LOCKED OUT",
  loss: "DATA LOSS",
  warning: "warning",
  note: "note",
};

/** The findings as text, the gravest first and accepted findings last. */
export function reportText(findings: readonly ReportedFinding[]): string {
  const present = sorted(findings.filter(({ accepted }) => accepted === null));
  const accepted = sorted(findings.filter((finding) => finding.accepted !== null));
  const lines = [
    ...present.map(
      ({ severity, id, what, why, remedy }) =>
        `${MARKS[severity]}  ${id}: ${what}.\n    Why it matters: ${why}.\n    What to do: ${remedy}`,
    ),
    ...accepted.map(
      ({ id, what, accepted: reason }) =>
        `accepted  ${id}: ${what}.\n    Accepted in the configuration: ${reason}`,
    ),
  ];
  const mattering = findings.filter(isFault).length;
  lines.push(
    mattering === 0
      ? "Nothing has to be fixed."
      : `${mattering} ${mattering === 1 ? "finding" : "findings"} to fix; --sql prints the statements.`,
  );
  return lines.join("\n");
}

/** The result for one of several sources. */
export interface Section {
  readonly source: string;
  readonly findings?: readonly ReportedFinding[];
  /** Why the source could not be checked. */
  readonly error?: string;
}

export function sectionText({ source, findings, error }: Section): string {
  return `Source ${source}\n${findings === undefined ? (error ?? "") : reportText(findings)}`;
}

/** Whether a finding makes the doctor exit with 1. */
export function isFault({ severity, accepted }: ReportedFinding): boolean {
  return severity !== "note" && accepted === null;
}

/**
 * A script for the mysql client that fixes what statements can fix, the gravest first. A person
 * should read it before running it.
 */
export function repairScript(findings: readonly ReportedFinding[]): string {
  const parts = sorted(findings.filter(isFault)).map((finding) => {
    const { id, what, remedy, statements } = finding;
    const comment = `-- ${oneLine(id)}: ${oneLine(what)}`;
    if (statements.length === 0) return `${comment}\n-- By hand: ${oneLine(remedy)}`;
    return `${comment}\n${scriptText(finding)}`;
  });
  return parts.join("\n\n");
}

/** Statements for the mysql client, with the manual steps before and after them as comments. */
export function scriptText({ before, statements, after }: Script): string {
  return [
    ...(before === undefined ? [] : [`-- First, by hand: ${oneLine(before)}`]),
    ...statements.map(terminated),
    ...(after === undefined ? [] : [`-- Then, by hand: ${oneLine(after)}`]),
  ].join("\n");
}

function sorted(findings: readonly ReportedFinding[]): ReportedFinding[] {
  return SEVERITIES.flatMap((severity) =>
    findings.filter((finding) => finding.severity === severity),
  );
}

/** The body of a routine contains semicolons, so it needs another delimiter. */
function terminated(statement: string): string {
  return /\bBEGIN\b[\s\S]*;/.test(statement)
    ? `DELIMITER $$\n${statement}$$\nDELIMITER ;`
    : `${statement};`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
