import type { Finding, Severity } from "./finding.ts";

const MARKS: Readonly<Record<Severity, string>> = {
  loss: "DATA LOSS",
  warning: "warning",
  note: "note",
};

/** The findings for people, the gravest first. */
export function reportText(findings: readonly Finding[]): string {
  const order: readonly Severity[] = ["loss", "warning", "note"];
  const sorted = order.flatMap((severity) =>
    findings.filter((finding) => finding.severity === severity),
  );
  const lines = sorted.map(
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

/** A script for the mysql client that mends what statements can mend; to be read before it is run. */
export function repairScript(findings: readonly Finding[]): string {
  const parts = findings.filter(isFault).map(({ check, what, remedy, statements }) => {
    const comment = `-- ${check}: ${oneLine(what)}`;
    if (statements.length === 0) return `${comment}\n-- By hand: ${oneLine(remedy)}`;
    return [comment, ...statements.map(terminated)].join("\n");
  });
  return `${parts.join("\n\n")}\n`;
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
