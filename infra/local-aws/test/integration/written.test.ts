import { expect, test, vi } from "vitest";
import type { AwsRequest, AwsResponse, AwsService } from "../../http/aws-service.ts";
import { Faults } from "../../http/faults.ts";
import { listen, type Endpoint } from "../../http/listen.ts";
import { callSqs } from "../../sqs/call-sqs.ts";
import { LocalClock } from "../../time/clock.ts";

const REQUEST: AwsRequest = { method: "POST", url: "/", headers: {}, body: Buffer.alloc(0) };
/** More than a connection holds while its client does not read. */
const LARGE = Buffer.alloc(32 * 1024 * 1024, "[".padEnd(64));

test("a service learns that its answer was written when a client has all of it", async () => {
  const written = vi.fn<() => void>();
  await using endpoint = await endpointOf({ body: [LARGE, Buffer.from("]")], written });
  const answer = await fetch(endpoint.url, { method: "POST" });
  expect(written).not.toHaveBeenCalled();
  expect((await answer.arrayBuffer()).byteLength).toBe(LARGE.length + 1);
  await vi.waitFor(() => expect(written).toHaveBeenCalledOnce());
});

test("an answer that its client does not read to the end is not written", async () => {
  const written = vi.fn<() => void>();
  await using endpoint = await endpointOf({ body: LARGE, written });
  const gone = new AbortController();
  await fetch(endpoint.url, { method: "POST", signal: gone.signal });
  gone.abort();
  await endpoint.perform(REQUEST, new AbortController().signal);
  await endpoint[Symbol.asyncDispose]();
  expect(written).not.toHaveBeenCalled();
});

test("an answer without a connection is written when it was read", async () => {
  const written = vi.fn<() => void>();
  await using endpoint = await endpointOf({
    body: [Buffer.from('{"a":'), Buffer.from("1}")],
    written,
  });
  expect(await callSqs(endpoint, "Any", {}, new AbortController().signal)).toEqual({ a: 1 });
  expect(written).toHaveBeenCalledOnce();
});

/** A service that answers each request in the same way. */
function endpointOf(response: Pick<AwsResponse, "body" | "written">): Promise<Endpoint> {
  const answer = { status: 200, headers: {}, ...response };
  const service: AwsService = {
    name: "sqs",
    open: () => ({
      action: "Any",
      resource: undefined,
      answer: () => answer,
      refuse: () => answer,
    }),
  };
  return listen(() => service, {
    address: "127.0.0.1",
    host: "127.0.0.1",
    port: 0,
    faults: new Faults(),
    clock: new LocalClock(),
  });
}
