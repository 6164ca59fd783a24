/**
 * The CDK app uses a feature of CloudFormation that the run on one machine does not support yet.
 * `path` is its place in the template. Remedy: support it here, or avoid it in the app.
 */
export class UnsupportedTemplateError extends Error {
  override readonly name = "UnsupportedTemplateError";
  readonly path: string;

  constructor(path: string, what: string) {
    super(`the local run does not know ${what} (in the template at ${path})`);
    this.path = path;
  }
}

/** A reference to a resource that does not exist on one machine, such as a role or a topic. */
export class NoLocalResourceError extends UnsupportedTemplateError {
  constructor(path: string, type: string, id: string) {
    super(path, `the value of a reference to the ${type} ${id}`);
  }
}

/**
 * The template lacks a resource, or refers to one that it does not contain: the CDK app must be
 * corrected.
 */
export class IncompleteTemplateError extends Error {
  override readonly name = "IncompleteTemplateError";
}
