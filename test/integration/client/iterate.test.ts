import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { iterate, UnsupportedMessageVersionError } from "../../../client/index.ts";
import { message } from "../../support/client/messages.ts";
import { startQueueRig, type QueueRig } from "../../support/client/queue-rig.ts";

describe("iterating over changes", () => {
  let rig: QueueRig;
  const options = () => ({ sqs: rig.sqs, source: "shop", environment: "staging" });

  beforeEach(async () => {
    rig = await startQueueRig();
  });

  afterEach(() => rig[Symbol.asyncDispose]());

  it("returns them in order and counts one as handled when the next is requested", async () => {
    await rig.send(message([1, 2]), message([3]));
    const seen: number[] = [];
    for await (const change of iterate("billing", options())) {
      seen.push(change.source.pos);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(await rig.depth()).toBe(1);
  });

  it("makes the messages that the loop left visible again at once", async () => {
    await rig.send(message([1]));
    for await (const change of iterate("billing", options())) {
      expect(change.source.pos).toBe(1);
      break;
    }
    const again = iterate("billing", options());
    expect(await again.next()).toMatchObject({ value: { source: { pos: 1 } } });
    await again.return();
  });

  it("ends after the current message when the signal aborts", async () => {
    await rig.send(message([1, 2]), message([3]));
    const stop = new AbortController();
    const seen: number[] = [];
    for await (const change of iterate("billing", { ...options(), signal: stop.signal })) {
      seen.push(change.source.pos);
      stop.abort();
    }
    expect(seen).toEqual([1, 2]);
    expect(await rig.depth()).toBe(1);
  });

  it("throws when receiving cannot continue", async () => {
    await rig.sendText("g", JSON.stringify({ ...message([1]), version: 2 }));
    const onError = vi.fn<() => void>();
    const next = iterate("billing", { ...options(), onError }).next();
    await expect(next).rejects.toThrow(UnsupportedMessageVersionError);
    expect(onError).toHaveBeenCalledOnce();
  });
});
