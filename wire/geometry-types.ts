/**
 * MySQL's geometry types, named as in COLUMN_TYPE. The index of each is its number in well-known
 * binary (OGC 06-103r4).
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
