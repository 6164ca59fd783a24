let latest: Uint8Array = new Uint8Array(0);
let latestView = new DataView(latest.buffer);

/**
 * A view of bytes, to read words of them. The latest one is kept, because the reader reads nearly
 * all packets into one buffer.
 */
export function viewOf(bytes: Uint8Array): DataView {
  if (bytes !== latest) {
    latest = bytes;
    latestView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  return latestView;
}
