/** The HTTP status that AWS sends with an error code, for faults that name only the code. */
export function statusOfErrorCode(code: string): number {
  if (/AccessDenied|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch/.test(code))
    return 403;
  if (code.startsWith("Internal")) return 500;
  if (code === "ServiceUnavailable" || code === "SlowDown") return 503;
  if (code.startsWith("NoSuch")) return 404;
  return 400;
}
