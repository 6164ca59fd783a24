import type { Configuration } from "../../config/configuration.ts";
import type { DemonstrationPlan } from "./demo/demonstration-plan.ts";
import type { KeptState } from "./kept/kept-state.ts";
import type { Steps } from "./display/steps.ts";
import type { StartOptions } from "./request/options.ts";
import type { Ports } from "./request/ports.ts";
import { newPassword } from "./source/accounts.ts";
import { useGivenServer } from "./source/given-server.ts";
import { startOwnServer } from "./source/own-server.ts";
import type { Source } from "./source/source.ts";

export interface SourceRequest {
  readonly options: StartOptions;
  readonly config: Configuration;
  readonly steps: Steps;
}

/** Starts a MySQL server, or prepares the one that `--mysql` names. */
export function startSource(
  { options, config, steps }: SourceRequest,
  plan: DemonstrationPlan | null,
  { mysql: port }: Ports,
  {
    host,
    kept,
    signal,
  }: {
    readonly host: string | undefined;
    readonly kept: KeptState | null;
    readonly signal: AbortSignal;
  },
): Promise<Source> {
  if (options.mysql !== undefined) return useGivenServer(options.mysql, plan?.accounts ?? null);
  const { environments, source, canary } = config;
  const { demo, ledger, tags, schemaFile, password } = options;
  return startOwnServer({
    environments,
    tables: source.tables,
    canary: canary !== undefined,
    demo,
    ledger,
    tags,
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
    ...(schemaFile !== undefined && kept?.isFirst !== false && { schemaFile }),
    ...(kept !== null && { dataDirectory: kept.dataDirectory }),
    passwordOf: (account) => kept?.password(account, password) ?? password ?? newPassword(),
    progress: steps.progress,
    signal,
  });
}
