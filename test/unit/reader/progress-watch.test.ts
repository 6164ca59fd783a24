import { expect, test } from "vitest";
import { ProgressWatch } from "../../../reader/progress-watch.ts";
import { BinlogInterruptedError } from "../../../reader/reporting/errors.ts";

const at = (fileNumber: number, offset: number) => ({ fileNumber, offset });
const endsAt = (fileNumber: number, offset: number) => async () => ({
  file: `bin.${String(fileNumber).padStart(6, "0")}`,
  offset,
});

test("a binlog that ends before what was read was reset", async () => {
  const watch = new ProgressWatch(false);
  await watch.look(at(3, 500), false, endsAt(3, 500));
  await expect(watch.look(at(3, 500), false, endsAt(1, 157))).rejects.toBeInstanceOf(
    BinlogInterruptedError,
  );
});

test("an attempt ends when the server does not send more binlog, but not for an idle source or a pause", async () => {
  const watch = new ProgressWatch(true);
  await watch.look(at(3, 500), false, endsAt(3, 500));
  await watch.look(at(3, 500), false, endsAt(3, 900));
  await watch.look(at(3, 500), true, endsAt(3, 950));
  await watch.look(at(3, 500), false, endsAt(3, 950));
  await expect(watch.look(at(3, 500), false, endsAt(3, 990))).rejects.toBeInstanceOf(
    BinlogInterruptedError,
  );
});

test("a dump after GTIDs that has advanced is known to follow, also where each look was excused", async () => {
  const watch = new ProgressWatch(false);
  await watch.look(at(3, 500), true, endsAt(3, 900));
  await watch.look(at(3, 600), true, endsAt(3, 900));
  await watch.look(at(3, 600), false, endsAt(3, 900));
  await expect(watch.look(at(3, 600), false, endsAt(3, 900))).rejects.toBeInstanceOf(
    BinlogInterruptedError,
  );
});

test("a dump after GTIDs may skip all present binlog without sending an event", async () => {
  const watch = new ProgressWatch(false);
  for (let look = 0; look < 3; look++) await watch.look(at(2, 4), false, endsAt(3, 900));
});

test("the positions are not compared before the first file is known", async () => {
  const watch = new ProgressWatch(true);
  await watch.look(at(0, 0), false, () => Promise.reject(new Error("asked")));
});
