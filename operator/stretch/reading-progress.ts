import { binlogFileNumber } from "../../wire/binlog-file.ts";
import type { ServerState } from "../../reader/source/server-state.ts";
import type { Reached } from "./read-stretch.ts";

const EVERY_MS = 500;

/** Reports at most every EVERY_MS which binlog file is being read. */
export function readingProgress(
  { files }: Pick<ServerState, "files">,
  first: string,
  progress: (text: string) => void,
): (reached: Reached) => void {
  const numbers = files.slice(files.indexOf(first)).map(binlogFileNumber);
  let saidMs = 0;
  return ({ fileNumber, offset }) => {
    const nowMs = performance.now();
    if (nowMs - saidMs < EVERY_MS) return;
    saidMs = nowMs;
    const file = numbers.indexOf(fileNumber) + 1;
    progress(`reading binlog file ${file} of ${numbers.length}, at byte ${offset}`);
  };
}
