import { afterEach, expect, test, vi } from "vitest";
import type { Offset } from "../../../../reader/offsets/offset.ts";
import { findRecorded, RecordedPosition } from "../../../../operator/stretch/recorded-position.ts";

afterEach(() => void vi.useRealTimers());

const OFFSET: Offset = {
  server: "one",
  epoch: 3,
  life: "life",
  run: 1,
  gtidSet: null,
  file: "mysql-bin.000007",
  offset: 400,
  isExact: true,
  anchor: null,
  lanes: new Map(),
  laneCount: 1,
  committedMs: 0,
  keptXa: [],
};

test("follows the reader's offset in the binlog that is read, with a request a minute", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  let saved: Offset | null = OFFSET;
  let loads = 0;
  const load = () => {
    loads++;
    return Promise.resolve({ offset: saved, lease: null, stop: null });
  };
  const recorded = new RecordedPosition({ load } as never, OFFSET);
  expect(recorded.position).toEqual({ fileNumber: 7, offset: 400 });
  saved = { ...OFFSET, offset: 900 };
  await recorded.refresh();
  await recorded.refresh();
  expect(recorded.position).toEqual({ fileNumber: 7, offset: 900 });
  expect(loads).toBe(1);
  vi.advanceTimersByTime(60_000);
  saved = { ...OFFSET, life: "another" };
  await recorded.refresh();
  expect(recorded.position).toBeNull();
});

test("what was read of the sessions table before the offset was loaded is read again", async () => {
  const recorded = { position: { fileNumber: 7, offset: 400 } };
  let user = "a";
  const entries = () => [{ from: "", user, host: "h", attribution: "ledger" as const }];
  const find = findRecorded(recorded, () => {
    const cached = entries();
    return { find: () => Promise.resolve([cached]) };
  });
  const userOf = async () => (await find([{ server: "one", run: 1, thread: 1 }]))[0]?.[0]?.user;
  expect(await userOf()).toBe("a");
  user = "b";
  expect(await userOf()).toBe("a");
  recorded.position = { fileNumber: 7, offset: 900 };
  expect(await userOf()).toBe("b");
});
