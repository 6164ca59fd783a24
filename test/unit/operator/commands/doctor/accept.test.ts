import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withAcceptances } from "../../../../../operator/commands/doctor/accept.ts";
import { CHECK_NAMES } from "../../../../../operator/commands/doctor/check-names.ts";
import {
  isFault,
  repairScript,
  reportText,
} from "../../../../../operator/commands/doctor/report.ts";
import {
  type Finding,
  fixedByStatements,
  fixedByHand,
  type Severity,
} from "../../../../../reader/source/finding.ts";

const found = (check: string, about?: string, severity: Severity = "warning"): Finding =>
  fixedByStatements(["DO 1"], {
    check,
    severity,
    ...(about === undefined ? {} : { about }),
    what: `${check} is wrong`,
    why: "it matters",
  });

test("an accepted finding is shown with its reason, and does not count as a fault", () => {
  const findings = withAcceptances(
    [found("accounts.no-environment", "reports@%"), found("accounts.no-environment", "new@%")],
    { "accounts.no-environment:reports@%": "reads only" },
  );
  expect(findings.filter(isFault).map(({ id }) => id)).toEqual(["accounts.no-environment:new@%"]);
  const text = reportText(findings);
  expect(text).toContain(
    "warning  accounts.no-environment:new@%: accounts.no-environment is wrong.",
  );
  expect(text).toContain(
    "accepted  accounts.no-environment:reports@%: accounts.no-environment is wrong.\n    Accepted in the configuration: reads only",
  );
  expect(text).toContain("1 finding to fix");
  expect(repairScript(findings)).not.toContain("reports@%");
});

test("findings that stop the reader or lock accounts out cannot be accepted", () => {
  for (const severity of ["loss", "lockout"] as const) {
    const findings = withAcceptances([found("log_bin", undefined, severity)], {
      log_bin: "why not",
    });
    expect(findings.map(({ id }) => id)).toEqual(["log_bin", "doctor.accept:log_bin"]);
    expect(findings.filter(isFault).map(({ id }) => id)).toEqual(["log_bin"]);
    expect(findings[1]?.what).toBe("the configuration accepts log_bin, which cannot be accepted");
  }
});

test("an acceptance without a finding is reported, and one of an unknown check is a fault", () => {
  const findings = withAcceptances([], {
    "accounts.limited:app@%": "enough",
    "acounts.limited": "typo",
  });
  expect(findings.map(({ what }) => what)).toEqual([
    "the configuration accepts accounts.limited:app@%, which was not found this time",
    "the configuration accepts acounts.limited, and no check has this id",
  ]);
  expect(findings.map(isFault)).toEqual([false, true]);
});

test("a finding without a subject is accepted by its check alone", () => {
  const finding = fixedByHand("wait", {
    check: "retention",
    severity: "warning",
    what: "x",
    why: "y",
  });
  expect(withAcceptances([finding], { retention: "a test server" })).toMatchObject([
    { id: "retention", accepted: "a test server" },
  ]);
});

test("the names of checks are those that the checks have", () => {
  const files = globSync(["operator/commands/doctor/*.ts", "reader/source/*.ts"]);
  const named = files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/\bcheck: "([^"]+)"|\bwants\("([^"]+)"/g)].map(
      ([, check, variable]) => check ?? variable,
    ),
  );
  expect(new Set(named)).toEqual(CHECK_NAMES);
});
