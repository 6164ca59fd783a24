import { actionOf, jsonResponse, parseJsonCall } from "../../http/aws-json.ts";
import { MOST_ENTRIES } from "../actions/batches.ts";
import { parseAroundBodies, stringifyAroundBodies } from "./message-bodies.ts";
import type { Protocol } from "./protocol.ts";

/** The actions that send, and how many messages at most. */
const SENDS: ReadonlyMap<string, number> = new Map([
  ["SendMessage", 1],
  ["SendMessageBatch", MOST_ENTRIES],
]);

/**
 * A request with fewer bytes for each message that it can have is parsed as a whole: up to this
 * size, that and escaping the bodies again take less time than parsing around them.
 */
const LARGE_BYTES = 4096;

/** AWS JSON 1.0, which the SDKs use since the end of 2023. */
export const jsonProtocol: Protocol = {
  parse(request) {
    const action = actionOf(request);
    const most = SENDS.get(action);
    const isLarge = most !== undefined && request.body.length >= most * LARGE_BYTES;
    const around = isLarge ? parseAroundBodies(request.body, most) : undefined;
    return { action, input: around ?? parseJsonCall(request).input ?? {} };
  },

  succeed(action, output) {
    if (action !== "ReceiveMessage") return jsonResponse("1.0", 200, output);
    return { ...jsonResponse("1.0", 200, {}), ...stringifyAroundBodies(output) };
  },

  fail({ type, code, status, message, culprit }) {
    const headers = { "x-amzn-query-error": `${code};${culprit}` };
    return jsonResponse("1.0", status, { __type: type, message }, headers);
  },
};
