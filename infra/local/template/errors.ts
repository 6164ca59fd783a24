/**
 * The CDK app uses something of CloudFormation that the run on one machine does not know yet.
 * `path` says where in the template. The remedy is to teach it, here, or to do without in the app.
 */
export class UnsupportedTemplateError extends Error {
  override readonly name = "UnsupportedTemplateError";
  readonly path: string;

  constructor(path: string, what: string) {
    super(`the local run does not know ${what} (in the template at ${path})`);
    this.path = path;
  }
}

/** A reference to a resource that one machine has not: a role, a topic. */
export class NoLocalResourceError extends UnsupportedTemplateError {
  constructor(path: string, type: string, id: string) {
    super(path, `what stands for the ${type} ${id}`);
  }
}

/**
 * The template lacks a resource, or names one that it does not have: the CDK app has to be
 * corrected.
 */
export class IncompleteTemplateError extends Error {
  override readonly name = "IncompleteTemplateError";
}
