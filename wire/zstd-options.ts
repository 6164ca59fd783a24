import { constants } from "node:zlib";

/**
 * Node calls back for each piece of output of this size. A frame or message has one or two pieces;
 * Node's default would make dozens.
 */
export const ZSTD_CHUNK = 512 * 1024;

/**
 * The fastest level; it already compresses the database's text to a sixth. The checksum detects
 * damaged data.
 */
export const ZSTD_OPTIONS = {
  chunkSize: ZSTD_CHUNK,
  params: {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_checksumFlag]: 1,
  },
};
