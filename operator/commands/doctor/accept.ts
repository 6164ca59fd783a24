import { type Finding, fixedByHand, type Severity } from "../../../reader/source/finding.ts";
import { CHECK_NAMES } from "./check-names.ts";

/** A finding in the report. */
export interface ReportedFinding extends Finding {
  /** The id by which the configuration can accept the finding. It is the same in every run. */
  readonly id: string;
  /** The configuration's reason for accepting it; null when it does not accept it. */
  readonly accepted: string | null;
}

/** With a finding "loss" the reader does not start; with "lockout" accounts cannot log in. */
const NEVER_ACCEPTED: readonly Severity[] = ["loss", "lockout"];

/**
 * Adds to each finding its id and the reason for which the configuration accepts it. `accept` maps
 * ids to reasons. Each entry that accepts nothing becomes an additional finding.
 */
export function withAcceptances(
  findings: readonly Finding[],
  accept: Readonly<Record<string, string>>,
): ReportedFinding[] {
  const reasons = new Map(Object.entries(accept));
  const reported = findings.map((finding) => {
    const id = idOf(finding);
    const mayBe = !NEVER_ACCEPTED.includes(finding.severity);
    return { ...finding, id, accepted: mayBe ? (reasons.get(id) ?? null) : null };
  });
  const vain = [...reasons.keys()]
    .filter((id) => !reported.some((finding) => finding.id === id && finding.accepted !== null))
    .map((id) => inVain(id, reported.find((finding) => finding.id === id)?.severity));
  return [
    ...reported,
    ...vain.map((finding) => ({ ...finding, id: idOf(finding), accepted: null })),
  ];
}

function idOf({ check, about }: Finding): string {
  return about === undefined ? check : `${check}:${about}`;
}

/**
 * The finding about an entry of `accept` without effect. `severity` is that of the finding, which
 * may not be accepted; undefined when there is no such finding.
 */
function inVain(id: string, severity: Severity | undefined): Finding {
  const common = { check: "doctor.accept", about: id };
  if (severity !== undefined) {
    return fixedByHand("Do what the finding says, and remove the id from doctor.accept.", {
      ...common,
      severity: "note",
      what: `the configuration accepts ${id}, which cannot be accepted`,
      why:
        severity === "loss"
          ? "changes would be lost or garbled, so the reader delivers nothing until it is corrected"
          : "accounts cannot log in",
    });
  }
  if (!CHECK_NAMES.has(id.split(":", 1)[0] ?? "")) {
    return fixedByHand("Copy the id from the report.", {
      ...common,
      severity: "warning",
      what: `the configuration accepts ${id}, and no check has this id`,
      why: "the report still shows the finding that it should accept",
    });
  }
  return fixedByHand("Remove the id from doctor.accept if it is no longer needed.", {
    ...common,
    severity: "note",
    what: `the configuration accepts ${id}, which was not found this time`,
    why: "if the finding returns, the configuration accepts it again without a warning",
  });
}
