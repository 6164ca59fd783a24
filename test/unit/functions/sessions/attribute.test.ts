import { describe, expect, test } from "vitest";
import type { NamedPosition } from "../../../../functions/failures/named-position.ts";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { subFrame } from "../../../../functions/frame/sub-frame.ts";
import {
  attribute,
  connectionOf,
  unnamedConnections,
} from "../../../../functions/sessions/attribute.ts";
import { environmentOf } from "../../../../functions/routing/environments.ts";
import { formatPosition, parsePosition } from "../../../../wire/position.ts";
import { withAnswer } from "../../../../wire/operator-answers.ts";
import {
  connectionName,
  foreignRun,
  orderKeyOf,
  type SessionEntry,
  taggedFrom,
} from "../../../../wire/session.ts";
import { SERVER, SOURCE, TestLane } from "../../../support/functions/frames.ts";

const environments = environmentOf({
  environments: { office: { users: ["app@10.0.0.*"] }, elsewhere: { users: ["app_*"] } },
  otherUsers: "unrouted",
});
const lane = new TestLane();
const frame = readFrame(
  lane.frame([
    { user: "app_prod", thread: 1 },
    { user: null, thread: 2 },
    { user: null, thread: 2 },
    { user: null, thread: 3 },
  ]),
  SOURCE,
);
const THREAD_2 = `${SERVER}/1/2`;
const THREAD_3 = `${SERVER}/1/3`;
const session = (user: string, from = ""): SessionEntry => ({
  from,
  user,
  host: "h",
  attribution: "sweep",
});
const told = (entries: readonly SessionEntry[], parkedUpTo: NamedPosition | null = null) =>
  new Map([[THREAD_2, { entries, parkedUpTo }]]);
const positions = (...numbers: number[]) => numbers.map((n) => lane.position(n));

const inFile = (epoch: number, file: number) => formatPosition({ epoch, file, offset: 0, row: 0 });

describe("the author of a change", () => {
  test("is looked up only when the frame does not name it", () => {
    expect([...unnamedConnections(frame, frame.changes, environments).keys()]).toEqual([
      THREAD_2,
      THREAD_3,
    ]);
  });

  test("is named by the frame or the sessions table; otherwise the change is an orphan", () => {
    const { authored, orphans } = attribute(
      frame,
      frame.changes,
      told([session("app_test")]),
      environments,
    );
    expect(authored.map(({ author }) => author.user)).toEqual(["app_prod", "app_test", "app_test"]);
    expect([...orphans].map(([name, changes]) => [name, changes.length])).toEqual([[THREAD_3, 1]]);
  });

  test("is the connection's user at the position, where a former life has recorded a later user", () => {
    const second = frame.changes[2]?.position ?? "";
    const at = parsePosition(second);
    const former = formatPosition({ ...at, epoch: at.epoch - 1 });
    const entries = [session("app_test"), session("app_other", former)];
    const { authored } = attribute(frame, frame.changes, told(entries), environments);
    expect(authored.map(({ author }) => author.user)).toEqual([
      "app_prod",
      "app_test",
      "app_other",
    ]);
  });

  test("is not an operator's answer about another life, where the thread id names no connection", () => {
    const run = foreignRun(2);
    const present = new TestLane(0, 11, "second");
    const read = readFrame(present.frame([{ user: null, thread: 2, run }]), SOURCE);
    const connection = { server: SERVER, run, thread: 2 };
    const answered = (epoch: number): SessionEntry[] =>
      withAnswer(
        [],
        {
          from: inFile(epoch, 1),
          until: inFile(epoch, 17),
          user: "app_test",
          host: "",
          isLimited: true,
        },
        orderKeyOf(connection),
      );
    const orphans = (entries: readonly SessionEntry[]) =>
      attribute(
        read,
        read.changes,
        new Map([[connectionName(connection), { entries, parkedUpTo: null }]]),
        environments,
      ).orphans.size;
    expect([orphans(answered(10)), orphans(answered(11))]).toEqual([1, 0]);
  });

  // The ledger's row between the prepare and the commit names the connection's next user.
  test("is not taken from the connection's user after the preparation of an XA transaction", () => {
    const preparedAt = lane.position(1);
    const late = readFrame(
      new TestLane().frame([{ thread: 9 }, { thread: 9 }, { user: null, thread: 2, preparedAt }]),
      SOURCE,
    );
    const { orphans } = attribute(
      late,
      late.changes,
      told([session("app_test", lane.position(2))]),
      environments,
    );
    expect([...orphans.keys()]).toEqual([THREAD_2]);
  });

  test("is unknown for changes before the known beginning of the session", () => {
    const { orphans } = attribute(
      frame,
      frame.changes,
      told([session("x", lane.position(3))]),
      environments,
    );
    expect(orphans.get(THREAD_2)?.map(({ position }) => position)).toEqual(positions(2));
  });

  test("is not used for a change that is parked already", () => {
    const knowledge = told([session("app_test")], { position: lane.position(2), life: null });
    const { authored, orphans } = attribute(frame, frame.changes, knowledge, environments);
    expect(orphans.get(THREAD_2)?.map(({ position }) => position)).toEqual(positions(2));
    expect(authored.map(({ change }) => change.position)).toEqual(positions(1, 3));
  });

  test("is used for a change of another life than the parked ones, even in the same epoch", () => {
    const present = new TestLane(0, 1, "b");
    const read = readFrame(present.frame([{ user: null, thread: 2 }]), SOURCE);
    const knowledge = (life: string | null) =>
      told([session("app_test")], { position: present.position(1), life });
    const orphans = (life: string | null) =>
      attribute(read, read.changes, knowledge(life), environments).orphans.size;
    expect([orphans("a"), orphans("b"), orphans(null)]).toEqual([0, 1, 1]);
  });

  test("stays open in a frame of orphans, which keeps their transactions and connections", () => {
    const orphans = frame.changes.slice(1, 3);
    const part = readFrame(subFrame(frame, orphans), SOURCE);
    expect(part.changes.map(({ position }) => position)).toEqual(positions(2, 3));
    expect(part.transactions).toHaveLength(2);
    expect(part.transactions.every(({ author }) => author === null)).toBe(true);
    expect(part.changes.map((change) => connectionName(connectionOf(part, change)))).toEqual([
      THREAD_2,
      THREAD_2,
    ]);
  });
});

const entries = (thread: number, list: readonly SessionEntry[]) =>
  [`${SERVER}/1/${thread}`, { entries: list, parkedUpTo: null }] as const;

describe("the author of a change whose GTID has a tag", () => {
  const byTag = new TestLane(1);
  const tagged = readFrame(
    byTag.frame([
      { user: "app", host: "", tag: "br_app", thread: 2 },
      { user: "app_b", host: "", tag: "br_app_b", thread: 3 },
      { user: null, tag: "br_app", thread: 4 },
      { user: null, thread: 2 },
    ]),
    SOURCE,
  );
  const authors = (...knowledge: (readonly [string, ReturnType<typeof entries>[1]])[]) =>
    attribute(tagged, tagged.changes, new Map(knowledge), environments).authored.map(
      ({ author }) => `${author.user}@${author.host} ${author.attribution}`,
    );

  test("is looked up when the environment depends on the host, which the tag does not contain", () => {
    const unnamed = unnamedConnections(tagged, tagged.changes, environments);
    expect([...unnamed.keys()]).toEqual([2, 4].map((thread) => `${SERVER}/1/${thread}`));
    expect(authors()).toEqual(["app_b@ tag"]);
    expect(authors(entries(2, [taggedFrom("", { user: "app", host: "10.0.0.7" })]))).toEqual([
      "app@10.0.0.7 tag",
      "app_b@ tag",
    ]);
  });

  test.each([
    ["another user's tag", "br_app_b"],
    ["no tag", undefined],
  ])("is that of the prepare of an XA transaction whose commit has %s", (_, tag) => {
    const preparedAt = byTag.position(1);
    const text = byTag.frame([{ user: "app", host: "", tag: "br_app", thread: 2, preparedAt }]);
    const number = /:br_app:(\d+)/.exec(text)?.[1] ?? "";
    const gtid = tag === undefined ? `${SERVER}:${number}` : `${SERVER}:${tag}:${number}`;
    const sent = readFrame(text.replace(`${SERVER}:br_app:${number}`, gtid), SOURCE);
    // As it is parked.
    const committed = readFrame(subFrame(sent, sent.changes), SOURCE);
    const found = (entry: SessionEntry) =>
      attribute(
        committed,
        committed.changes,
        new Map([entries(2, [entry])]),
        environments,
      ).authored.map(({ author }) => `${author.user}@${author.host}`);
    expect(found(taggedFrom("", { user: "app", host: "10.0.0.7" }))).toEqual(["app@10.0.0.7"]);
    expect(found(taggedFrom("", { user: "app_b", host: "h" }))).toEqual([]);
    expect(found(session("app_b"))).toEqual([]);
  });

  test("is another user that is recorded for the connection only when an operator recorded it", () => {
    expect(authors(entries(4, [session("app_other")]))).toEqual(["app_b@ tag"]);
    expect(authors(entries(4, [taggedFrom("", { user: "app_c", host: "h" })]))).toHaveLength(1);
    expect(authors(entries(4, [{ ...session("app_other"), attribution: "operator" }]))).toEqual([
      "app_b@ tag",
      "app_other@h operator",
    ]);
  });
});
