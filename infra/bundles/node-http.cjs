/**
 * Node's HTTP module for the bundles, where a dependency imports it. An import of `node:http` loads
 * Node's WebSocket and fetch, too, which take 3 MB and 15 ms. CommonJS, so that an import finds all
 * of the module's names in it without reading them.
 */
module.exports = process.getBuiltinModule("node:http");
