import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** The caller that the STS stand-in reports. */
export const CALLER = "arn:aws:sts::000000000000:assumed-role/operator/ada";

/** What the stand-in has of the stack. */
export interface StackState {
  /** null: there is no such stack. */
  status: string | null;
  template: string;
}

const NO_STACK =
  "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id shop does not exist</Message></Error></ErrorResponse>";

/**
 * A stand-in for CloudFormation, which returns a stack's outputs, status and template, and for STS,
 * which returns CALLER. Disposing ends it. The answers follow changes of `stack`.
 */
export async function describeStacks(
  outputs: Readonly<Record<string, string>>,
  stack: StackState = { status: "UPDATE_COMPLETE", template: "" },
): Promise<AsyncDisposable & { readonly url: string }> {
  const members = Object.entries(outputs).map(
    ([key, value]) =>
      `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const stacks = (): string =>
    `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>shop-router</StackName>` +
    `<StackStatus>${stack.status}</StackStatus>` +
    `<Outputs>${members.join("")}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
  const template = (): string =>
    `<GetTemplateResponse><GetTemplateResult><TemplateBody>${stack.template.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</TemplateBody></GetTemplateResult></GetTemplateResponse>`;
  const caller = `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${CALLER}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      response.setHeader("Content-Type", "text/xml");
      if (body.includes("Action=GetCallerIdentity")) return response.end(caller);
      if (stack.status === null) return response.writeHead(400).end(NO_STACK);
      return response.end(body.includes("Action=GetTemplate") ? template() : stacks());
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
