export const UUID_LENGTH = 16;

/** The last uuid is cached, because consecutive transactions nearly always have the same one. */
let latestUuid = Buffer.alloc(UUID_LENGTH);
let latestText = textOf(latestUuid);

/** The uuid at `start` as text, and a colon. */
export function uuidAt(bytes: Buffer, start: number): string {
  for (let i = 0; i < UUID_LENGTH; i++) {
    if (bytes[start + i] === latestUuid[i]) continue;
    latestUuid = Buffer.from(bytes.subarray(start, start + UUID_LENGTH));
    latestText = textOf(latestUuid);
    break;
  }
  return latestText;
}

/** A uuid as text, and a colon. */
function textOf(uuid: Buffer): string {
  const hex = uuid.toString("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ];
  return `${parts.join("-")}:`;
}
