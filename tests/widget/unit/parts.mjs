// The widget's files share one scope and export nothing: here they are put together as the server does it.

import { readFileSync } from "node:fs";

const FOLDER = new URL("../../../engine/src/api/embeds/widget/", import.meta.url);
const FILES = ["words", "options", "session", "talk", "markdown"];
const NAMES = ["wordsFor", "WORDS", "when", "readOptions", "inkOn", "sessionId", "uuid4", "eventReader", "thoughtsOf", "troubleOf", "Talk", "Trouble", "markdown"];

const source = FILES.map((name) => readFileSync(new URL(`${name}.js`, FOLDER), "utf8")).join("\n");

export const parts = new Function(`"use strict";${source}\nreturn { ${NAMES.join(", ")} };`)();
