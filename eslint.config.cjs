// CommonJS on purpose: the hook installs the plugins outside this folder, where
// only require() looks for them.
const globals = require("globals");
const jsdoc = require("eslint-plugin-jsdoc");

// A rule either stops the commit or is not here: nobody reads warnings.
const PROBABLE_MISTAKES = {
    "array-callback-return": "error",
    "constructor-super": "error",
    "getter-return": "error",
    "no-async-promise-executor": "error",
    "no-case-declarations": "error",
    "no-class-assign": "error",
    "no-compare-neg-zero": "error",
    "no-cond-assign": "error",
    "no-const-assign": "error",
    "no-constant-condition": "error",
    "no-control-regex": "error",
    "no-debugger": "error",
    "no-delete-var": "error",
    "no-dupe-args": "error",
    "no-dupe-class-members": "error",
    "no-dupe-else-if": "error",
    "no-dupe-keys": "error",
    "no-duplicate-case": "error",
    "no-duplicate-imports": "error",
    "no-empty": "error",
    "no-empty-character-class": "error",
    "no-empty-function": "error",
    "no-empty-pattern": "error",
    "no-ex-assign": "error",
    "no-fallthrough": "error",
    "no-func-assign": "error",
    "no-global-assign": "error",
    "no-import-assign": "error",
    "no-invalid-regexp": "error",
    "no-irregular-whitespace": "error",
    "no-loss-of-precision": "error",
    "no-obj-calls": "error",
    "no-octal": "error",
    "no-prototype-builtins": "error",
    "no-redeclare": "error",
    "no-regex-spaces": "error",
    "no-self-assign": "error",
    "no-self-compare": "error",
    "no-shadow-restricted-names": "error",
    "no-sparse-arrays": "error",
    "no-this-before-super": "error",
    "no-undef": "error",
    "no-unexpected-multiline": "error",
    "no-unmodified-loop-condition": "error",
    "no-unreachable": "error",
    "no-unsafe-finally": "error",
    "no-unsafe-negation": "error",
    "no-unsafe-optional-chaining": "error",
    "no-unused-expressions": "error",
    "no-unused-labels": "error",
    // Overriding a method of Odoo means taking its arguments, used or not.
    "no-unused-vars": ["error", {args: "none", ignoreRestSiblings: true}],
    "no-use-before-define": ["error", {functions: false}],
    "no-useless-escape": "error",
    "no-with": "error",
    "require-yield": "error",
    "use-isnan": "error",
    "valid-typeof": "error",
};

const UNSAFE = {
    "no-caller": "error",
    "no-eval": "error",
    "no-extend-native": "error",
    "no-implied-eval": "error",
    "no-iterator": "error",
    "no-new-func": "error",
    "no-proto": "error",
    "no-script-url": "error",
};

const PLAIN_STYLE = {
    complexity: ["error", 15],
    "dot-notation": "error",
    eqeqeq: "error",
    "init-declarations": "error",
    "max-depth": "error",
    "max-nested-callbacks": "error",
    "no-alert": "error",
    "no-array-constructor": "error",
    "no-console": ["error", {allow: ["warn", "error"]}],
    "no-else-return": "error",
    "no-extra-bind": "error",
    "no-extra-boolean-cast": "error",
    "no-extra-label": "error",
    "no-implicit-globals": "error",
    "no-label-var": "error",
    "no-labels": "error",
    "no-lone-blocks": "error",
    "no-lonely-if": "error",
    "no-multi-str": "error",
    "no-new": "error",
    "no-new-wrappers": "error",
    "no-object-constructor": "error",
    "no-param-reassign": "error",
    "no-return-assign": "error",
    "no-sequences": "error",
    "no-shadow": "error",
    "no-throw-literal": "error",
    "no-undef-init": "error",
    "no-unneeded-ternary": "error",
    "no-useless-call": "error",
    "no-useless-computed-key": "error",
    "no-useless-concat": "error",
    "no-useless-constructor": "error",
    "no-useless-rename": "error",
    "no-var": "error",
    "no-void": "error",
    "operator-assignment": ["error", "always"],
    "prefer-const": "error",
    radix: "error",
    strict: ["error", "function"],
    yoda: "error",
};

const DOCUMENTATION = {
    "jsdoc/check-param-names": "error",
    "jsdoc/check-tag-names": ["error", {definedTags: ["odoo-module"]}],
    "jsdoc/check-types": "error",
};

const ODOO = {
    "no-restricted-imports": [
        "error",
        {
            name: "@web/legacy/js/public/public_widget",
            message: "Portal and public pages use Interaction.",
        },
    ],
};

module.exports = [
    {
        ignores: ["**/static/tests/lib/", "**/static/src/lib/", "**/*.min.js", ".run/"],
    },
    {
        files: ["**/*.{js,cjs,mjs}"],
        languageOptions: {
            ecmaVersion: 2024,
            globals: globals.browser,
            sourceType: "script",
        },
        linterOptions: {reportUnusedDisableDirectives: "error"},
        plugins: {jsdoc},
        rules: {
            ...PROBABLE_MISTAKES,
            ...UNSAFE,
            ...PLAIN_STYLE,
            ...DOCUMENTATION,
            ...ODOO,
        },
    },
    {
        // What Odoo bundles is a module; any other script goes out as it is.
        files: ["**/static/src/**/*.js", "**/static/tests/**/*.js"],
        languageOptions: {
            globals: {luxon: "readonly", odoo: "readonly"},
            sourceType: "module",
        },
    },
    {
        // Scripts for pages that are not Odoo's go out as they are.
        files: ["**/static/src/public/**/*.js"],
        languageOptions: {sourceType: "script"},
    },
    {
        files: ["**/*.cjs"],
        languageOptions: {globals: globals.node, sourceType: "commonjs"},
    },
    {
        files: ["**/*.mjs"],
        languageOptions: {globals: globals.node, sourceType: "module"},
    },
];
