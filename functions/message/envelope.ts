import { MESSAGE_VERSION } from "../../wire/message.ts";
import type { PositionText } from "../../wire/position.ts";
import { legalText } from "./legal-text.ts";

export interface EnvelopeOptions {
  readonly source: string;
  readonly subscriber: string;
  readonly environment: string;
  readonly group: string;
  readonly first: PositionText;
  readonly last: PositionText;
  /** Each change as JSON. */
  readonly texts: readonly string[];
}

/** The body of an environment message (wire/message.ts). */
export function envelope(options: EnvelopeOptions): string {
  const { source, subscriber, environment, group, first, last, texts } = options;
  const version = MESSAGE_VERSION;
  const head = JSON.stringify({ version, source, subscriber, environment, group, first, last });
  return legalText(`${head.slice(0, -1)},"changes":[${texts.join(",")}]}`);
}
