import { expect, test } from "vitest";
import { readFrame } from "../../../../functions/frame/read-frame.ts";
import { MalformedFrameError } from "../../../../wire/decode-frame.ts";
import { SOURCE, TestLane } from "../../../support/functions/frames.ts";

const FILE = '"mysql-bin.000001"';

test.each(["", "mysql-bin", "mysql-bin."])(
  "a frame whose transaction is in the file %j is malformed",
  (file) => {
    // Its positions are those of file 0, so that a name without a number fits them.
    const frame = new TestLane().frame([{}]).replaceAll("000001.0000000001.", "000001.0000000000.");
    expect(() =>
      readFrame(frame.replace(FILE, JSON.stringify("mysql-bin.0")), SOURCE),
    ).not.toThrow();
    expect(() => readFrame(frame.replace(FILE, JSON.stringify(file)), SOURCE)).toThrow(
      MalformedFrameError,
    );
  },
);
