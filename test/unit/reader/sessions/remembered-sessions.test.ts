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
