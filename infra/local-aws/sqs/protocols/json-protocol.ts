import { jsonResponse, parseJsonCall } from "../../http/aws-json.ts";
import type { Protocol } from "./protocol.ts";

/** AWS JSON 1.0, which the SDKs use since the end of 2023. */
export const jsonProtocol: Protocol = {
  parse(request) {
    const { action, input = {} } = parseJsonCall(request);
    return { action, input };
  },

  succeed(_action, output) {
    return jsonResponse("1.0", 200, output);
  },

  fail({ type, code, status, message, culprit }) {
    const headers = { "x-amzn-query-error": `${code};${culprit}` };
    return jsonResponse("1.0", status, { __type: type, message }, headers);
  },
};
