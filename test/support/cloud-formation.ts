import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** The caller that the STS stand-in reports. */
export const CALLER = "arn:aws:sts::000000000000:assumed-role/operator/ada";

/**
 * A stand-in for CloudFormation, which returns a stack's outputs, and for STS, which returns
 * CALLER. Disposing ends it.
 */
export async function describeStacks(
  outputs: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const members = Object.entries(outputs).map(
    ([key, value]) =>
      `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const stacks =
    `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>shop-router</StackName>` +
    `<Outputs>${members.join("")}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
  const caller = `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${CALLER}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      response.setHeader("Content-Type", "text/xml");
      response.end(body.includes("Action=GetCallerIdentity") ? caller : stacks);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
