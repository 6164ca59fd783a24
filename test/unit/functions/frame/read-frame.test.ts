import { expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { MalformedFrameError } from "../../../../wire/decode-frame.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";

test.each(["", "mysql-bin", "mysql-bin."])(
  "a frame whose transaction is in the file %j is malformed",
  (file) => {
    const frame = new TestLane().frame([{}]).replace('"mysql-bin.000001"', JSON.stringify(file));
    expect(() => readFrame(frame, SOURCE)).toThrow(MalformedFrameError);
  },
);
