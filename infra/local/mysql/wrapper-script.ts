/**
 * A shell script that runs a program of an unpacked Debian tree with the tree's own loader and
 * libraries, whichever ones this machine has. The script is in the tree's `bin` folder and finds
 * the tree from its own path, so the tree can be moved. `exec` keeps the process id, so signals and
 * limits reach the program itself.
 *
 * @param loader path of ld-linux inside the tree
 * @param libraries path of the library folder inside the tree
 * @param program path of the program inside the tree
 * @param options appended after the caller's, because `--no-defaults` must come first
 */
export function wrapperScript(
  loader: string,
  libraries: string,
  program: string,
  options: readonly string[] = [],
): string {
  const words = [
    `"$root/${loader}"`,
    `--library-path "$root/${libraries}"`,
    `--argv0 "$root/${program}"`,
    `"$root/${program}"`,
    `"$@"`,
    ...options.map((option) => `"${option}"`),
  ];
  return `#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
exec ${words.join(" \\\n  ")}
`;
}
