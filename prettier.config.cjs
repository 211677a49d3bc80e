/**
 * Indentation comes from .editorconfig.
 *
 * @type {import("prettier").Config}
 */
module.exports = {
    bracketSpacing: false,
    // A path instead of a name: the hook installs the plugin outside this folder.
    plugins: [require.resolve("@prettier/plugin-xml")],
    printWidth: 88,
    proseWrap: "always",
    semi: true,
    trailingComma: "es5",
    // In views and QWeb, white space is text that somebody gets to read.
    xmlWhitespaceSensitivity: "preserve",
};
