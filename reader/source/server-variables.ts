/** Values of global variables by name; unknown variables are absent. */
export type ServerVariables = ReadonlyMap<string, string>;
