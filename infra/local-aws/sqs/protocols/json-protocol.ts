import { actionOf, jsonResponse, parseJsonCall } from "../../http/aws-json.ts";
import { MOST_ENTRIES } from "../actions/batches.ts";
import { parseAroundBodies, stringifyAroundBodies } from "./message-bodies.ts";
import type { Protocol } from "./protocol.ts";

/** The actions that send, and how many messages at most. */
const SENDS: ReadonlyMap<string, number> = new Map([
  ["SendMessage", 1],
  ["SendMessageBatch", MOST_ENTRIES],
]);

/** AWS JSON 1.0, which the SDKs use since the end of 2023. */
export const jsonProtocol: Protocol = {
  parse(request) {
    const action = actionOf(request);
    const sent = SENDS.get(action);
    const around = sent === undefined ? undefined : parseAroundBodies(request.body, sent);
    return { action, input: around ?? parseJsonCall(request).input ?? {} };
  },

  succeed(action, output) {
    if (action !== "ReceiveMessage") return jsonResponse("1.0", 200, output);
    return { ...jsonResponse("1.0", 200, {}), body: stringifyAroundBodies(output) };
  },

  fail({ type, code, status, message, culprit }) {
    const headers = { "x-amzn-query-error": `${code};${culprit}` };
    return jsonResponse("1.0", status, { __type: type, message }, headers);
  },
};
