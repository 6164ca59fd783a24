export interface StoredObject {
  readonly key: string;
  /** The size of the content, bytes. */
  readonly size: number;
  /** Returns the content. */
  read(): Buffer;
  readonly etag: string;
  readonly modified: Date;
  /** Headers that are returned with the content: its type, checksums and user metadata. */
  readonly headers: Readonly<Record<string, string>>;
}
