import type { UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { number, text } from "../../wire/attributes.ts";
import { epochOf } from "../../wire/position.ts";
import { errorText, expiresAt, stateKey, tailLifeText } from "./items.ts";
import type { NamedPosition } from "./named-position.ts";
import {
  lastOf,
  type Opening,
  type Postponement,
  type RecordKey,
  type StreamState,
  type Trouble,
} from "./parked.ts";
import type { Stream } from "./stream.ts";

// The writes that change a stream's state. Each is a conditional update of its state item.
// `StreamState` describes their meaning.

/** A conditional update of one item. */
export type ItemUpdate = Omit<UpdateItemCommandInput, "TableName">;

/**
 * closed → open, if the stream was never opened, or was closed before the new tail or at the
 * opening's tail of a twin life.
 */
export function openUpdate(
  stream: Stream,
  { head, tail, twin }: Opening,
  trouble: Trouble,
  { now, firstDelayMs }: { readonly now: number; readonly firstDelayMs: number },
): ItemUpdate {
  const move = tailMove(tail);
  const before = twin === null ? `tail < :tail${move.isOfItsLife}` : `tail = :twin`;
  return {
    Key: stateKey(stream),
    UpdateExpression:
      `SET #status = :open, due = :open, ${move.set}, attempts = :none, nextAttempt = :next, ` +
      (head === null ? "" : "head = :head, ") +
      "openedAt = :now, lastFailureAt = :now, reason = :reason, #error = :error " +
      `REMOVE expires, asked, begun${twin === null ? "" : ", drained"}${move.remove}`,
    ConditionExpression: `attribute_not_exists(#status) OR (#status = :closed AND ${before})`,
    ExpressionAttributeNames: { "#status": "status", "#error": "error" },
    ExpressionAttributeValues: {
      ":open": text("open"),
      ":closed": text("closed"),
      ...move.values,
      ...(twin === null ? move.lifeValues : { ":twin": text(twin) }),
      ...(head !== null && { ":head": text(head) }),
      ":none": number(0),
      ":next": number(now + firstDelayMs),
      ":now": number(now),
      ":reason": text(trouble.reason),
      ":error": errorText(trouble),
    },
  };
}

/**
 * Moves the tail to `last` if the stream is not closed, and the tail is before `last` and not of a
 * twin life.
 */
export function tailUpdate(stream: Stream, last: NamedPosition): ItemUpdate {
  const move = tailMove(last);
  return {
    Key: stateKey(stream),
    UpdateExpression: `SET ${move.set}${move.remove === "" ? "" : " REMOVE tailLife"}`,
    ConditionExpression: `#status IN (:open, :dead) AND tail < :tail${move.isOfItsLife}`,
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: {
      ...move.values,
      ...move.lifeValues,
      ":open": text("open"),
      ":dead": text("dead"),
    },
  };
}

/**
 * The parts of a write that moves the tail. `isOfItsLife` is the additional condition that the
 * present tail does not belong to a twin life.
 */
function tailMove(tail: NamedPosition) {
  const named = tailLifeText(tail);
  const values = { ":tail": text(tail.position) };
  if (named === null) {
    const remove = ", tailLife";
    return { set: "tail = :tail", remove, values, isOfItsLife: "", lifeValues: {} };
  }
  return {
    set: "tail = :tail, tailLife = :life",
    remove: "",
    values: { ...values, ":life": text(named) },
    isOfItsLife:
      " AND (attribute_not_exists(tailLife) OR tailLife = :life OR NOT begins_with(tailLife, :epoch))",
    lifeValues: { ":epoch": text(`${epochOf(tail.position)}/`) },
  };
}

/**
 * Claims the stream until `until` if it is open and due, and returns its state. The claim is
 * counted before the attempt, because an invocation that is killed cannot count it afterwards.
 */
export function claimUpdate(stream: Stream, now: number, until: number): ItemUpdate {
  return {
    Key: stateKey(stream),
    UpdateExpression: "SET nextAttempt = :until ADD begun :one",
    ConditionExpression: "#status = :open AND nextAttempt <= :now",
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: {
      ":until": number(until),
      ":now": number(now),
      ":open": text("open"),
      ":one": number(1),
    },
    ReturnValues: "ALL_NEW",
  };
}

/**
 * Records that a claimed stream has advanced. The failed attempts are reset, and this claim counts
 * as the first.
 */
export function advanceUpdate(
  { stream, nextAttemptAt }: StreamState,
  drained: RecordKey,
): ItemUpdate {
  return {
    Key: stateKey(stream),
    UpdateExpression: "SET drained = :drained, attempts = :none, begun = :one",
    ConditionExpression: "#status = :open AND nextAttempt = :claimed",
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: {
      ":drained": text(drained),
      ":none": number(0),
      ":one": number(1),
      ":open": text("open"),
      ":claimed": number(nextAttemptAt),
    },
  };
}

/** open → open or dead: records how far a claimed stream is done, and its next attempt. */
export function postponeUpdate(
  { stream, nextAttemptAt }: StreamState,
  { drained, attempts, dead, trouble, nextAttemptAt: next }: Postponement,
  now: number,
): ItemUpdate {
  return {
    Key: stateKey(stream),
    UpdateExpression:
      "SET drained = :drained, attempts = :attempts, nextAttempt = :next, #status = :status, due = :status" +
      (trouble === null ? "" : ", reason = :reason, #error = :error, lastFailureAt = :now") +
      " REMOVE asked, begun",
    // The time that the claim has set shows whether another invocation has claimed the stream
    // since.
    ConditionExpression: "#status = :open AND nextAttempt = :claimed",
    ExpressionAttributeNames: {
      "#status": "status",
      ...(trouble !== null && { "#error": "error" }),
    },
    ExpressionAttributeValues: {
      ":drained": text(drained),
      ":attempts": number(attempts),
      ":next": number(next),
      ":status": text(dead ? "dead" : "open"),
      ":open": text("open"),
      ":claimed": number(nextAttemptAt),
      ...(trouble !== null && {
        ":reason": text(trouble.reason),
        ":error": errorText(trouble),
        ":now": number(now),
      }),
    },
  };
}

/** open → closed, if the tail is still the last position of `drained`, in the given life. */
export function closeUpdate(
  { stream, life }: Pick<StreamState, "stream" | "life">,
  drained: RecordKey,
  now: number,
): ItemUpdate {
  const tail = lastOf(drained);
  const named = tailLifeText({ position: tail, life });
  return {
    Key: stateKey(stream),
    UpdateExpression:
      "SET #status = :closed, drained = :drained, expires = :expires REMOVE due, nextAttempt, attempts, asked, begun",
    ConditionExpression:
      "#status = :open AND tail = :tail" + (named === null ? "" : " AND tailLife = :life"),
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: {
      ":closed": text("closed"),
      ":open": text("open"),
      ":drained": text(drained),
      ":tail": text(tail),
      ...(named !== null && { ":life": text(named) }),
      ":expires": number(expiresAt(now)),
    },
  };
}
