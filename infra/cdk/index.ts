export { BinlogRouter } from "../stack/binlog-router.ts";
export type { BinlogRouterProps } from "../stack/router-props.ts";
export type { EnvironmentQueuePair } from "../stack/resources/environment-queue-pair.ts";
export type { PartsCode } from "../stack/parts-code.ts";
export { ConfigError } from "../../config/config-error.ts";
