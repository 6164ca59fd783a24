/**
 * MySQL's names of its geometry types, as in COLUMN_TYPE, each at its number in well-known binary
 * (OGC 06-103r4).
 */
export const GEOMETRY_TYPES = [
  "geometry",
  "point",
  "linestring",
  "polygon",
  "multipoint",
  "multilinestring",
  "multipolygon",
  "geomcollection",
] as const;
