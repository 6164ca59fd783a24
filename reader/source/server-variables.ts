/** Global variables by name; a variable that the server does not have is absent. */
export type ServerVariables = ReadonlyMap<string, string>;
