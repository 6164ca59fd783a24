import { EVENT_HEADER_LENGTH as BODY } from "./event-header.ts";

/**
 * The events for rotations and XA transactions. Formats: control_events.h and statement_events.h in
 * MySQL's libs/mysql/binlog/event. Each function takes an event with header, without checksum.
 */

export interface RotateEvent {
  readonly file: string;
  /** The offset of the first event in that file. */
  readonly offset: number;
}

export function parseRotate(event: Buffer): RotateEvent {
  return { offset: Number(event.readBigUInt64LE(BODY)), file: event.toString("utf8", BODY + 8) };
}

export interface XaPrepareEvent {
  /** Whether it is `XA COMMIT … ONE PHASE`, which commits the transaction. */
  readonly onePhase: boolean;
  readonly xid: string;
}

export function parseXaPrepare(event: Buffer): XaPrepareEvent {
  const formatId = event.readUInt32LE(BODY + 1);
  const globalLength = event.readUInt32LE(BODY + 5);
  const branchLength = event.readUInt32LE(BODY + 9);
  const globalStart = BODY + 13;
  const branchStart = globalStart + globalLength;
  const global = event.toString("hex", globalStart, branchStart);
  const branch = event.toString("hex", branchStart, branchStart + branchLength);
  return { onePhase: event.readUInt8(BODY) !== 0, xid: xaName(global, branch, formatId) };
}

/**
 * Parses an `XA …` statement of the binlog. The server writes every xid as
 * X'<global>',X'<branch>',<format id>; null when the statement has no such xid.
 */
export function xaStatement(sql: string): { verb: string; xid: string } | null {
  const match =
    /^XA\s+(START|END|PREPARE|COMMIT|ROLLBACK)\s+X'([0-9a-f]*)',X'([0-9a-f]*)',(\d+)/i.exec(sql);
  if (match === null) return null;
  const [, verb = "", global = "", branch = "", formatId = ""] = match;
  return {
    verb: verb.toUpperCase(),
    xid: xaName(global.toLowerCase(), branch.toLowerCase(), Number(formatId)),
  };
}

function xaName(global: string, branch: string, formatId: number): string {
  return `${global}.${branch}.${formatId}`;
}
