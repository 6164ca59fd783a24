/** An object in a bucket. */
export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Its content. */
  read(): Buffer;
  readonly etag: string;
  readonly modified: Date;
  /** Headers that come back with the content: its type, checksums and user metadata. */
  readonly headers: Readonly<Record<string, string>>;
}
