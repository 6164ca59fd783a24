import { actionOf, jsonResponse, parseJsonCall } from "../../http/aws-json.ts";
import { parseAroundBodies, stringifyAroundBodies } from "./message-bodies.ts";
import type { Protocol } from "./protocol.ts";

const SENDS = new Set(["SendMessage", "SendMessageBatch"]);

/** AWS JSON 1.0, which the SDKs use since the end of 2023. */
export const jsonProtocol: Protocol = {
  parse(request) {
    const action = actionOf(request);
    const around = SENDS.has(action) ? parseAroundBodies(request.body) : undefined;
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
