// The page at /api: every operation of the document with a form to try it. No library, nothing from
// elsewhere; what is sent is sent to this server with the session or key of whoever looks.
"use strict";
const make = (tag, attributes = {}, ...inside) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
};
let document_ = {};
let csrf = "";

/** An example of a schema: what a reader fills in rather than invents. */
function example(schema, depth = 0) {
  if (!schema || depth > 6) return null;
  if (schema.$ref) return example(schema.$ref.slice(2).split("/").reduce((at, key) => at[key], document_), depth + 1);
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.const !== undefined) return schema.const;
  const either = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (either) return example(either[0], depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object" || schema.properties)
    return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([k, v]) => [k, example(v, depth + 1)]));
  return { array: [], string: "", integer: 0, number: 0, boolean: false }[type] ?? null;
}

function operation(path, method, told) {
  const form = make("form");
  for (const parameter of told.parameters) {
    const input = make("input", { name: `${parameter.in}:${parameter.name}` });
    if (parameter.required) input.required = true;
    const note = [parameter.required ? "required" : "", parameter.description ?? ""].filter(Boolean).join(" · ");
    form.append(make("label", {}, make("span", {}, make("b", {}, parameter.name), " ", make("small", {}, note)), input));
  }
  const schema = told.requestBody?.content?.["application/json"]?.schema;
  const hasBody = method !== "get";
  if (hasBody) {
    const body = make("textarea", { name: "body", rows: schema ? 8 : 3, "aria-label": "Body" });
    if (schema) body.value = JSON.stringify(example(schema), null, 2);
    form.append(make("label", {}, make("b", {}, "Body"), body));
  }
  form.append(make("button", {}, `Send ${method.toUpperCase()}`));
  const answer = make("pre", { role: "status" });
  answer.hidden = true;
  form.append(answer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    const query = new URLSearchParams();
    let to = path;
    for (const parameter of told.parameters) {
      const value = given.get(`${parameter.in}:${parameter.name}`);
      if (parameter.in === "path") to = to.replace(`{${parameter.name}}`, encodeURIComponent(value));
      else if (value) query.set(parameter.name, value);
    }
    const headers = {};
    const key = document.getElementById("key").value.trim();
    if (key) headers.authorization = `Bearer ${key}`;
    if (csrf) headers["x-csrf-token"] = csrf;
    const url = query.size ? `${to}?${query}` : to;
    answer.hidden = false;
    answer.textContent = "…";
    try {
      const body = hasBody ? given.get("body") : undefined;
      const from = performance.now();
      const response = await fetch(url, { method: method.toUpperCase(), headers, body });
      const type = response.headers.get("content-type") ?? "";
      let text = type.includes("event-stream") ? "(a live stream: open it with curl -N)" : await response.text();
      if (type.includes("json") && text) text = JSON.stringify(JSON.parse(text), null, 2);
      answer.textContent = `${response.status} ${response.statusText} · ${Math.round(performance.now() - from)} ms · ${type}\n${url}\n\n${text.slice(0, 100_000)}`;
    } catch (error) {
      answer.textContent = String(error);
    }
  });
  const head = make("summary", {}, make("span", { class: `m ${method}` }, method.toUpperCase()), make("code", {}, path), make("span", {}, told.summary), make("small", {}, told["x-access"]));
  const box = make("details", {}, head, form);
  box.dataset.text = `${method} ${path} ${told.summary} ${told["x-access"]}`.toLowerCase();
  return box;
}

async function start() {
  document_ = await (await fetch("/api/openapi.json")).json();
  const session = await fetch("/api/v1/session");
  const me = session.ok ? await session.json() : null;
  csrf = me?.csrf ?? "";
  document.getElementById("who").textContent = me ? `Signed in as ${me.name}` : "Not signed in: sign in on the app's page, or give a key";
  const groups = new Map();
  for (const [path, item] of Object.entries(document_.paths))
    for (const [method, told] of Object.entries(item)) {
      const group = told.tags[0];
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(operation(path, method, told));
    }
  const list = document.getElementById("list");
  list.replaceChildren();
  for (const [group, boxes] of [...groups].sort()) list.append(make("section", {}, make("h2", {}, group), ...boxes));
  document.getElementById("find").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const section of list.children) {
      let any = false;
      for (const box of section.querySelectorAll("details")) {
        box.hidden = !box.dataset.text.includes(wanted);
        any ||= !box.hidden;
      }
      section.hidden = !any;
    }
  });
}
start().catch((error) => {
  document.getElementById("list").textContent = String(error);
});
