import { describe, expect, it, vi } from "vitest";
import type { AnyPositionStore } from "../../../client/position-store.ts";
import type { EnvironmentMessage } from "../../../wire/message.ts";
import { startApplicationRig } from "../../support/client/application-rig.ts";
import { change, message } from "../../support/client/messages.ts";
import type { StoreName } from "../../support/client/position-stores.ts";
import { useMysql } from "../../support/mysql.ts";

/**
 * A message of a router that was set up again: it has the coordinates of `message(offsets)` and
 * other changes.
 */
const anew = (offsets: readonly number[]): EnvironmentMessage =>
  message(offsets, {
    changes: offsets.map((offset) => change(offset, { id: `new server:${offset}/0` })),
  });

const mysql = useMysql();

describe.each<StoreName>(["memory", "DynamoDB", "MySQL"])(
  "a subscription with records in %s",
  (name) => {
    it("handles the messages of a newly created router at the same coordinates without a restart", async () => {
      await using rig = await startApplicationRig(name, mysql);
      await using _ = await rig.start();
      await rig.queue.send(message([1, 2, 3]), message([4]), message([90]));
      await rig.untilEmpty();
      await rig.queue.send(anew([1, 2, 3]), anew([4]), anew([5]));
      await rig.untilEmpty();
      expect(rig.seen.slice(0, 5)).toEqual(["1", "2", "3", "4", "90"]);
      expect(rig.seen.slice(5)).toEqual(["new 1", "new 2", "new 3", "new 4", "new 5"]);
      expect(rig.repeats).toBe(0);
    });

    it("handles the messages of a newly created router at the same coordinates after a restart", async () => {
      await using rig = await startApplicationRig(name, mysql);
      await rig.queue.send(message([1, 2, 3]), message([4]), message([90]));
      const first = await rig.start();
      await rig.untilEmpty();
      await first.stop();
      await rig.queue.send(anew([1, 2, 3]), anew([4]), anew([5]));
      await using _ = await rig.start();
      await rig.untilEmpty();
      expect(rig.seen.slice(5)).toEqual(["new 1", "new 2", "new 3", "new 4", "new 5"]);
    });

    it("handles messages that were dead-lettered while the store could not be reached", async () => {
      await using rig = await startApplicationRig(name, mysql);
      await rig.queue.send(message([1, 2, 3]), message([4]), message([5]));
      const { away, positions } = unreliable(rig.stores.open());
      away(true);
      await using _ = await rig.start(positions);
      const dead = rig.queue.deadLetterUrl();
      await vi.waitFor(async () => expect(await rig.queue.depth(dead)).toBe(3), 60_000);
      away(false);
      await rig.queue.send(message([6]));
      await vi.waitFor(() => expect(rig.seen).toEqual(["6"]), 60_000);
      await rig.queue.redrive();
      await rig.untilEmpty();
      expect(rig.seen).toEqual(["6", "1", "2", "3", "4", "5"]);
      expect(rig.repeats).toBe(0);
    });

    it("handles the rest of a half-handled dead-lettered message once", async () => {
      await using rig = await startApplicationRig(name, mysql);
      await rig.queue.send(message([1, 2, 3]), message([4]));
      rig.refuses = "2";
      await using _ = await rig.start();
      await vi.waitFor(() => expect(rig.seen).toEqual(["1", "4"]), 60_000);
      rig.refuses = undefined;
      await rig.queue.redrive();
      await rig.untilEmpty();
      expect(rig.seen).toEqual(["1", "4", "2", "3"]);
    });

    it("drops repeats that are sent after SQS's deduplication interval, in any order", async () => {
      await using rig = await startApplicationRig(name, mysql);
      const sent = [message([1, 2]), message([3]), message([4, 5])];
      await using _ = await rig.start();
      await rig.queue.send(...sent);
      await rig.untilEmpty();
      await rig.queue.send(...sent.toReversed(), message([6]));
      await rig.untilEmpty();
      expect(rig.seen).toEqual(["1", "2", "3", "4", "5", "6"]);
      expect(rig.repeats).toBe(3);
    });

    it("handles each replay's messages once, although their changes were handled before", async () => {
      await using rig = await startApplicationRig(name, mysql);
      const sent = [[1, 2], [3]];
      const replayed = (id: string) => sent.map((offsets) => message(offsets, { replay: { id } }));
      await using _ = await rig.start();
      await rig.queue.send(...sent.map((offsets) => message(offsets)));
      await rig.untilEmpty();
      // A replay that was killed between sending a part and recording it sends that part again.
      await rig.queue.send(...replayed("first"), ...replayed("first"), message([4]));
      await rig.untilEmpty();
      expect(rig.seen).toEqual(["1", "2", "3", "1", "2", "3", "4"]);
      expect(rig.repeats).toBe(2);
      await rig.queue.send(...replayed("second"));
      await rig.untilEmpty();
      expect(rig.seen.slice(7)).toEqual(["1", "2", "3"]);
      expect(rig.repeats).toBe(2);
    });

    it("handles a repeat whose record the store has forgotten, and loses no change", async () => {
      await using rig = await startApplicationRig(name, mysql);
      await using _ = await rig.start();
      await rig.queue.send(message([1]), message([2]));
      await rig.untilEmpty();
      await rig.stores.forget();
      await rig.queue.send(message([3]), message([1]), message([2]), message([1]), message([4]));
      await rig.untilEmpty();
      expect(rig.seen).toEqual(["1", "2", "3", "1", "2", "4"]);
      expect(rig.repeats).toBe(1);
    });
  },
);

describe.each<StoreName>(["DynamoDB", "MySQL"])(
  "an updated subscription with records in %s",
  (name) => {
    it("drops messages that the last release handled and did not delete, and handles the others", async () => {
      await using rig = await startApplicationRig(name, mysql);
      await rig.queue.send(message([1, 2, 3]), message([4]));
      rig.refuses = "3";
      expect(await rig.startLastRelease()).toEqual(["failed"]);
      rig.refuses = undefined;
      await using _ = await rig.start();
      await rig.untilEmpty();
      expect(rig.seen).toEqual(["1", "2", "3", "4"]);
    });

    it("handles messages that the last release did not handle, whatever position their group had", async () => {
      await using rig = await startApplicationRig(name, mysql);
      await rig.queue.send(message([90]));
      expect(await rig.startLastRelease()).toEqual(["handled"]);
      await rig.queue.send(anew([1]), anew([2, 3]), anew([91]));
      await using _ = await rig.start();
      await rig.untilEmpty();
      expect(rig.seen).toEqual(["90", "new 1", "new 2", "new 3", "new 91"]);
      expect(rig.repeats).toBe(1);
    });

    it("handles the rest of a dead-lettered message that the last release handled in part", async () => {
      await using rig = await startApplicationRig(name, mysql);
      await rig.queue.send(message([1, 2, 3]), message([4]));
      rig.refuses = "2";
      expect(await rig.startLastRelease(3)).toEqual(["failed", "failed", "failed"]);
      rig.refuses = undefined;
      expect(await rig.startLastRelease()).toEqual(["handled"]);
      expect(await rig.queue.depth(rig.queue.deadLetterUrl())).toBe(1);
      await rig.queue.redrive();
      await using _ = await rig.start();
      await rig.untilEmpty();
      expect(rig.seen).toEqual(["1", "4", "2", "3"]);
    });
  },
);

/** A position store that can be made unreachable. */
function unreliable(store: AnyPositionStore<unknown>): {
  readonly positions: AnyPositionStore<unknown>;
  readonly away: (isAway: boolean) => void;
} {
  let unreachable = false;
  const reach = (): void => {
    if (unreachable) throw new Error("no positions");
  };
  const load = async (key: string): Promise<string | undefined> => {
    reach();
    return store.load(key);
  };
  const positions: AnyPositionStore<unknown> =
    "save" in store
      ? {
          load,
          async save(key, position) {
            reach();
            return store.save(key, position);
          },
        }
      : {
          load,
          async transact(marks, work) {
            reach();
            return store.transact(marks, work);
          },
        };
  return {
    positions,
    away: (isAway) => {
      unreachable = isAway;
    },
  };
}
