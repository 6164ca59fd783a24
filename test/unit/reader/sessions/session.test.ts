import { expect, test } from "vitest";
import { isOver, type Session } from "../../../../reader/sessions/session.ts";
import type { Census } from "../../../../reader/sessions/process-list.ts";

const census: Census = {
  connections: [],
  begin: { fileNumber: 2, offset: 100 },
  alive: new Set([1]),
  end: { fileNumber: 2, offset: 100 },
};
const at = (offset: number) => ({ fileNumber: 2, offset });
const gone: Pick<Session, "thread" | "run" | "isPresent" | "lastSeen"> = {
  thread: 9,
  run: 2,
  isPresent: true,
  lastSeen: at(30),
};
const saved = { position: at(50), run: 2 };

test.each([
  ["closed, and all its changes are read and before the offset", gone, true],
  ["closed, and none of its changes was read", { ...gone, lastSeen: null }, true],
  [
    "closed, and had its last change in the previous file",
    { ...gone, lastSeen: { fileNumber: 1, offset: 99 } },
    true,
  ],
  ["with a change in the next file", { ...gone, lastSeen: { fileNumber: 3, offset: 4 } }, false],
  ["still connected", { ...gone, thread: 1 }, false],
  ["with a change after the offset", { ...gone, lastSeen: at(60) }, false],
  ["with a change at the offset, which is read again", { ...gone, lastSeen: at(50) }, false],
  ["of an earlier run", { ...gone, thread: 1, run: 1, isPresent: false }, true],
  [
    "of an earlier run, prepared there and not committed",
    { ...gone, run: 1, lastSeen: at(50) },
    false,
  ],
])("isOver judges a session that is %s", (_, session, expected) => {
  expect(isOver(session, saved, census)).toBe(expected);
});

test("no session is over for a reader that is behind the process list", () => {
  expect(isOver(gone, saved, null)).toBe(false);
});

test("a session is not over when it is absent from a list that may lack connections", () => {
  expect(isOver(gone, saved, { ...census, alive: null })).toBe(false);
});
