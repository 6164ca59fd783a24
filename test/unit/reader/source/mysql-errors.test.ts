import { expect, test } from "vitest";
import {
  BinlogRefusedError,
  SourceAccessError,
  SourceLockoutError,
  SourceSettingError,
  SourceSilentError,
  SourceTlsError,
} from "../../../../reader/reporting/errors.ts";
import { judgeSourceError } from "../../../../reader/source/mysql-errors.ts";

const error = (fields: object): Error => Object.assign(new Error("whatever it says"), fields);

test.each([
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "PROTOCOL_CONNECTION_LOST",
])("%s is temporary", (code) => {
  expect(judgeSourceError(error({ code }))).toEqual({ kind: "passing", code });
});

test.each([1040, 1053, 1317, 3169])("MySQL's error %i is temporary", (errno) => {
  expect(judgeSourceError(error({ code: "ER_SOMETHING", errno }))).toMatchObject({
    kind: "passing",
  });
});

test("a statement on a connection that was already lost fails temporarily", () => {
  expect(judgeSourceError(error({ fatal: true }))).toEqual({ kind: "passing", code: "closed" });
  expect(judgeSourceError(error({}))).toMatchObject({ kind: "final" });
});

test("the server's silence is temporary", () => {
  expect(judgeSourceError(new SourceSilentError("…"))).toMatchObject({ kind: "passing" });
});

test.each([1045, 1044, 1227, 1142])(
  "MySQL's error %i is reported as refused access, without the driver's message",
  (errno) => {
    const verdict = judgeSourceError(
      error({
        code: "ER_DENIED",
        errno,
        message: "Access denied for 'u' (using password: hunter2)",
      }),
    );
    expect(verdict).toMatchObject({ kind: "final", error: expect.any(SourceAccessError) });
    if (verdict.kind === "final") expect(verdict.error.message).not.toContain("hunter2");
  },
);

test("binary logging that is off is reported with its variable", () => {
  expect(judgeSourceError(error({ errno: 1381 }))).toMatchObject({
    kind: "final",
    error: expect.any(SourceSettingError),
  });
});

test("a damaged TLS record is doubtful", () => {
  const code = "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC";
  expect(judgeSourceError(error({ code }))).toMatchObject({ kind: "doubtful", code });
});

test("a refused dump and a failed TLS handshake are doubtful, and final when repeated", () => {
  const refused = judgeSourceError(error({ errno: 1236 }));
  const cut = judgeSourceError(error({ code: "HANDSHAKE_SSL_ERROR" }));
  expect([refused.kind, cut.kind]).toEqual(["doubtful", "doubtful"]);
  if (refused.kind === "doubtful") expect(refused.final(7)).toBeInstanceOf(BinlogRefusedError);
  if (cut.kind === "doubtful") expect(cut.final(7)).toBeInstanceOf(SourceTlsError);
});

test("a failing init_connect is doubtful, and when repeated a lockout that names the doctor", () => {
  const verdict = judgeSourceError(error({ code: "ER_NEW_ABORTING_CONNECTION", errno: 1184 }));
  expect(verdict).toMatchObject({ kind: "doubtful", code: "1184" });
  if (verdict.kind !== "doubtful") return;
  expect(verdict.final(7)).toBeInstanceOf(SourceLockoutError);
  expect(verdict.final(7).message).toContain("npm run doctor");
});

test("an unknown error is final", () => {
  const unknown = error({ code: "ER_PARSE_ERROR", errno: 1064 });
  expect(judgeSourceError(unknown)).toEqual({ kind: "final", error: unknown });
});
