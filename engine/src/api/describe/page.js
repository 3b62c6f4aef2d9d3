"use strict";

// Everything is written as text, never as HTML: a description cannot become a script.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== ""));
  return element;
}

// A description, in which `this` is code.
function prose(text) {
  return text.split("`").map((part, n) => (n % 2 ? make("code", {}, part) : part));
}

let components = {};

// What a reference like `#/components/schemas/Error` stands for.
function resolve(part) {
  const [group, name] = part?.$ref?.split("/").slice(-2) ?? [];
  return name ? components[group]?.[name] ?? {} : part ?? {};
}

// An example of a schema, to start a body from.
function example(schema, depth = 0) {
  schema = resolve(schema);
  const given = schema.example ?? schema.examples?.[0];
  if (given !== undefined) return given;
  const variant = (schema.oneOf ?? schema.anyOf ?? schema.allOf)?.find((one) => one.type !== "null");
  if (variant) return example(variant, depth);
  const type = [schema.type].flat().find((one) => one !== "null");
  if (type === "object" || schema.properties) {
    if (depth > 3) return {};
    const required = new Set(schema.required ?? []);
    const wanted = Object.entries(schema.properties ?? {}).filter(
      ([name, property]) => required.has(name) || resolve(property).example !== undefined || depth === 0,
    );
    return Object.fromEntries(wanted.map(([name, property]) => [name, required.has(name) || resolve(property).example !== undefined ? example(property, depth + 1) : null]).filter(([, value]) => value !== null));
  }
  if (type === "array") return depth > 3 ? [] : [example(schema.items, depth + 1)];
  return { integer: 1, number: 1, boolean: false, string: "" }[type] ?? null;
}

// What a schema allows, for people: a line of its own for each field, with what is to be said of it behind.
function shape(schema) {
  const box = make("div", { class: "shape" });
  for (const line of outline(schema).split("\n")) {
    const [field, ...note] = line.split("  — ");
    const depth = Math.min(4, (field.length - field.trimStart().length) / 2);
    const said = note.length ? make("span", {}, ...prose(` ${note.join(" ")}`)) : "";
    box.append(make("div", { class: `in${depth}` }, field.trim(), said));
  }
  return box;
}

function outline(schema, indent = "") {
  schema = resolve(schema);
  const variant = (schema.oneOf ?? schema.anyOf)?.find((one) => one.type !== "null");
  if (variant) return outline(variant, indent);
  if (schema.properties) {
    const lines = Object.entries(schema.properties).map(([name, property]) => {
      const note = (property.description ?? "").replace(/\s+/g, " ");
      const need = schema.required?.includes(name) ? "" : "?";
      const inner = indent.length > 6 ? kind(property) : outline(property, indent + "  ");
      return `${indent}  ${name}${need}: ${inner}${note ? `  — ${note}` : ""}`;
    });
    return `{\n${lines.join("\n")}\n${indent}}`;
  }
  if (schema.items) return `[${outline(schema.items, indent)}]`;
  return kind(schema);
}

function kind(schema) {
  schema = resolve(schema);
  return [schema.type].flat().filter(Boolean).join(" or ") || "anything";
}

function field(label, attributes) {
  const input = make(attributes.rows ? "textarea" : "input", attributes);
  return [make("label", {}, label, input), input];
}

function section(title, ...children) {
  return children.length ? [make("h3", {}, title), ...children] : [];
}

function inside(method, path, operation) {
  const box = make("div", { class: "inside" });
  for (const text of (operation.description ?? "").split("\n\n").filter(Boolean)) box.append(make("p", {}, ...prose(text)));
  const inputs = [];
  const fields = make("div", { class: "fields" });
  for (const parameter of operation.parameters ?? []) {
    const [label, input] = field(parameter.name + (parameter.required ? "" : " (optional)"), { placeholder: (parameter.description ?? "").replaceAll("`", "") });
    fields.append(label);
    inputs.push([parameter, input]);
  }
  if (inputs.length) box.append(...section("Parameters", fields));
  const [media, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  let body = null;
  const parts = [];
  if (media === "multipart/form-data") {
    const form = make("div", { class: "fields" });
    for (const [name, property] of Object.entries(resolve(content.schema).properties ?? {})) {
      const isFile = property.format === "binary" || property.contentMediaType !== undefined;
      const [label, input] = field(name, isFile ? { type: "file" } : { placeholder: (property.description ?? "").replaceAll("`", "") });
      form.append(label);
      parts.push([name, input]);
    }
    box.append(...section("Body", form));
  } else if (media) {
    const [label, input] = field("JSON", { rows: 6, spellcheck: "false" });
    input.value = JSON.stringify(example(content.schema), null, 2);
    input.rows = Math.min(16, input.value.split("\n").length + 1);
    body = input;
    box.append(...section("Body", label, shape(content.schema)));
  }
  const button = make("button", { type: "button" }, "Send");
  const result = make("div", { role: "status", "aria-live": "polite" });
  button.addEventListener("click", () => send(method, path, inputs, parts, body, button, result));
  box.append(button, result);
  const answers = make("dl");
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    answers.append(make("dt", {}, status), make("dd", {}, ...prose(resolve(response).description ?? "")));
  }
  const good = operation.responses?.["200"]?.content?.["application/json"]?.schema;
  box.append(...section("Answers", answers, ...(good?.$ref ? [shape(good)] : [])));
  return box;
}

async function send(method, path, inputs, parts, body, button, result) {
  const query = new URLSearchParams();
  let address = path;
  for (const [parameter, input] of inputs) {
    if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value !== "") query.set(parameter.name, input.value);
  }
  const options = { method: method.toUpperCase(), headers: {} };
  const key = document.getElementById("key").value.trim();
  if (key) options.headers.authorization = `Bearer ${key}`;
  if (body) {
    options.headers["content-type"] = "application/json";
    options.body = body.value;
  } else if (parts.length) {
    options.body = new FormData();
    for (const [name, input] of parts) {
      const value = input.files ? input.files[0] : input.value;
      if (value) options.body.append(name, value);
    }
  }
  const url = `.${address}${query.toString() ? `?${query}` : ""}`;
  const output = make("pre", { tabindex: "0" });
  const line = make("p", {}, "Waiting…");
  result.replaceChildren(line, output);
  button.disabled = true;
  const started = performance.now();
  try {
    const response = await fetch(url, options);
    line.textContent = `${response.status} ${response.statusText}, ${response.headers.get("content-type") ?? "no content type"}`;
    line.className = response.ok ? "good" : "bad";
    const decoder = new TextDecoder();
    const reader = response.body?.getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader.read()) {
      output.append(decoder.decode(piece.value, { stream: true }));
    }
    if (response.headers.get("content-type")?.startsWith("application/json")) {
      output.textContent = JSON.stringify(JSON.parse(output.textContent), null, 2);
    }
    line.append(`, ${Math.round(performance.now() - started)} ms`);
  } catch (error) {
    line.textContent = `The call failed: ${error.message}`;
    line.className = "bad";
  } finally {
    button.disabled = false;
  }
}

function show(description) {
  components = description.components ?? {};
  document.getElementById("version").textContent = description.info.version;
  document.getElementById("about").textContent = description.info.description;
  const main = document.getElementById("operations");
  main.replaceChildren();
  const themes = new Map();
  const id = (theme) => `theme-${theme.replace(/\W/g, "-")}`;
  const begin = (theme) => themes.set(theme, make("section", { id: id(theme), "aria-label": theme }, make("h2", {}, theme)));
  for (const { name } of description.tags ?? []) begin(name);
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const theme = operation.tags?.[0] ?? "Other";
      if (!themes.has(theme)) begin(theme);
      const summary = make("summary", {}, make("b", { class: method }, method.toUpperCase()), make("code", {}, path), make("span", {}, operation.summary ?? ""));
      const details = make("details", { id: operation.operationId }, summary);
      details.dataset.words = `${method} ${path} ${operation.summary} ${theme}`.toLowerCase();
      // What is inside is made when it is first opened.
      details.addEventListener("toggle", () => details.open && details.children.length === 1 && details.append(inside(method, path, operation)));
      themes.get(theme).append(details);
    }
  }
  main.append(...themes.values());
  const links = [...themes.keys()].map((theme) => make("a", { href: `#${id(theme)}` }, theme));
  document.getElementById("themes").replaceChildren(...links);
  const named = location.hash && document.getElementById(location.hash.slice(1));
  if (named) {
    if (named.localName === "details") named.open = true;
    named.scrollIntoView();
  }
}

document.getElementById("find").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const theme of document.querySelectorAll("section")) {
    const operations = [...theme.querySelectorAll("details")];
    for (const details of operations) details.hidden = !words.every((word) => details.dataset.words.includes(word));
    theme.hidden = operations.every((details) => details.hidden);
  }
});

fetch("openapi.json")
  .then((response) => (response.ok ? response.json() : Promise.reject(new Error(`status ${response.status}`))))
  .then(show)
  .catch((error) => {
    document.getElementById("status").textContent = `The description could not be loaded: ${error.message}`;
  });
