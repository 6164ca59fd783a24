/** `npm start` cannot do what was requested and has started nothing. It exits with code 2. */
export class Refusal extends Error {
  override readonly name: string = "Refusal";
}

/** The command line is wrong. */
export class UsageError extends Refusal {
  override readonly name = "UsageError";
}

/** The server that `--mysql` names cannot be used. */
export class MysqlUnusableError extends Refusal {
  override readonly name = "MysqlUnusableError";
}

/** Another `npm start` runs from the same directory. */
export class AlreadyRunningError extends Refusal {
  override readonly name = "AlreadyRunningError";
}

/** The file that `--schema` names cannot be loaded. */
export class SchemaError extends Refusal {
  override readonly name = "SchemaError";
}

/** The directory for stack.json and the logs cannot be written. */
export class StateDirectoryError extends Refusal {
  override readonly name = "StateDirectoryError";
}

/** The state that an earlier start kept cannot be used. */
export class KeptStateError extends Refusal {
  override readonly name = "KeptStateError";
}

/** The demonstration cannot run with this configuration or server. */
export class NoDemonstrationError extends Refusal {
  override readonly name = "NoDemonstrationError";
}
