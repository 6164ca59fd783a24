import { z } from "zod";
import type { PayloadPointer } from "../../wire/payload-pointer.ts";

/** Of the class name in front only the end is compared: its package has changed between versions of the Extended Client. */
const pointerSchema = z.tuple([
  z.string().endsWith(".PayloadS3Pointer"),
  z.object({ s3BucketName: z.string(), s3Key: z.string() }),
]);

/** The pointer to S3 that a message body is (wire/payload-pointer.ts), or null when it is an ordinary body. */
export function decodePointer(body: string): PayloadPointer | null {
  if (!body.startsWith("[")) return null;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  const result = pointerSchema.safeParse(value);
  if (!result.success) return null;
  const [, { s3BucketName, s3Key }] = result.data;
  return { bucket: s3BucketName, key: s3Key };
}
