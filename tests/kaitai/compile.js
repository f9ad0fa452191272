// Compiles a .ksy file to Python: node compile.js FILE.ksy FOLDER
const compiler = require("kaitai-struct-compiler");
const fs = require("fs");
const path = require("path");
const yaml = require("js-yaml");

const [source, folder] = process.argv.slice(2);
compiler.compile("python", yaml.load(fs.readFileSync(source, "utf8"))).then(
    (files) => {
        for (const name in files) fs.writeFileSync(path.join(folder, name), files[name]);
    },
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
