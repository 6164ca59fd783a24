import { expect, test, vi } from "vitest";
import { readFrame } from "../../../functions/frame/read-frame.ts";
import { changeWriter } from "../../../wire/change-text.ts";
import type { Author } from "../../../wire/session.ts";
import { SOURCE, TestLane } from "../../support/functions/frames.ts";

const AUTHOR: Author = { user: "app_prod", host: "", attribution: "ledger" };

test("a change's text is written once for all queues, and each half of it apart", () => {
  const frame = readFrame(new TestLane().frame([{ id: 1 }, { op: "u", id: 3, oldId: 2 }]), SOURCE);
  const image = vi.fn<(text: string) => string>((text) => text);
  const changes = frame.changes.map((change) => ({
    ...change,
    get after() {
      return image(change.after);
    },
  }));
  const write = changeWriter(frame);
  for (const [i, change] of changes.entries()) {
    image.mockClear();
    const texts = Array.from({ length: 3 }, () => write(change, AUTHOR));
    expect(image).toHaveBeenCalledTimes(1);
    const alone = changeWriter(frame);
    expect(texts).toEqual(texts.map(() => alone(frame.changes[i] ?? change, AUTHOR)));
  }
  const [, update] = changes;
  if (update === undefined) throw new Error("no update");
  const halves = (["delete", "create"] as const).map((half) => write(update, AUTHOR, half));
  const ops = [write(update, AUTHOR), ...halves].map(
    (text) => (JSON.parse(text) as { op: string }).op,
  );
  expect(ops).toEqual(["u", "d", "c"]);
});
