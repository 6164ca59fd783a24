import { constants } from "node:zlib";

/**
 * Node calls back for each piece of output of this size: once or twice for a frame or a message,
 * where its default makes dozens.
 */
export const ZSTD_CHUNK = 512 * 1024;

/**
 * The fastest level: the database's text shrinks to a sixth already. The checksum lets nothing
 * damaged pass.
 */
export const ZSTD_OPTIONS = {
  chunkSize: ZSTD_CHUNK,
  params: {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_checksumFlag]: 1,
  },
};
