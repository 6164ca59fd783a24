import { expect, test } from "vitest";
import { RememberedSessions } from "../../../../reader/sessions/remembered-sessions.ts";

const RUN = 1;
const at = (offset: number) => ({ fileNumber: 1, offset });
const saved = { position: at(100), run: RUN };

function remembered(lastSeen: number): RememberedSessions {
  const sessions = new RememberedSessions("server", 1);
  for (const thread of [1, 2]) {
    const session = sessions.of({ run: RUN, thread });
    session.facts.register({ user: "a", host: "h", attribution: "ledger" }, "");
    session.recordedRevision = session.facts.revision;
    session.lastSeen = at(lastSeen);
  }
  return sessions;
}

test("when there are too many sessions, the oldest recorded ones are forgotten", () => {
  const sessions = remembered(50);
  sessions.forgetOldest(saved);
  expect(sessions.size).toBe(1);
  expect(sessions.of({ run: RUN, thread: 2 }).facts.entries).toHaveLength(1);
});

test("a session with a change after the offset is not forgotten", () => {
  const sessions = remembered(100);
  sessions.forgetOldest(saved);
  expect(sessions.size).toBe(2);
});

test("a session is found again until it is forgotten, whichever run and thread came between", () => {
  const sessions = new RememberedSessions("server", 1);
  const asked = [
    { run: 1, thread: 1 },
    { run: 1, thread: 2 },
    { run: 2, thread: 1 },
    { run: 2, thread: 2 },
  ];
  const found = asked.map((connection) => sessions.of(connection));
  expect(found.map(({ run, thread }) => ({ run, thread }))).toEqual(asked);
  for (let round = 0; round < 2; round++)
    for (const [index, connection] of asked.entries())
      expect(sessions.of(connection)).toBe(found[index]);

  sessions.forgetOldest(saved);
  expect(sessions.size).toBe(1);
  const again = asked.toReversed().map((connection) => sessions.of(connection));
  expect(again.map((session) => found.includes(session))).toEqual([true, false, false, false]);
});
