"use strict";

/* Shows /openapi.json. Everything is put in as text, never as markup. */

const METHODS = ["get", "post", "patch", "put", "delete"];

function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function resolve(spec, value) {
  if (!value || !value.$ref) return value;
  return value.$ref.slice(2).split("/").reduce((part, name) => part[name], spec);
}

function typeOf(spec, schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  const type = [].concat(schema.type || "any").join(" or ");
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(spec, one)).join(" or ");
  if (schema.items) return `list of ${typeOf(spec, schema.items)}${type.endsWith("null") ? " or null" : ""}`;
  return schema.format ? `${type} (${schema.format})` : type;
}

const LONG_LIST = 12;

function remarks(schema, description) {
  const parts = [description || schema.description];
  if (schema.readOnly) parts.push("Not to be sent.");
  if (schema.enum && schema.enum.length <= LONG_LIST) parts.push(`One of: ${schema.enum.join(", ")}.`);
  if (schema.enum && schema.enum.length > LONG_LIST) parts.push(`One of ${schema.enum.length} values: see the document.`);
  if (schema.default !== undefined && schema.default !== null) parts.push(`Default: ${JSON.stringify(schema.default)}.`);
  if (schema.minimum !== undefined) parts.push(`From ${schema.minimum}${schema.maximum === undefined ? "" : ` to ${schema.maximum}`}.`);
  if (schema.maxLength !== undefined) parts.push(`At most ${schema.maxLength} characters.`);
  return parts.filter(Boolean).join(" ");
}

function table(heading, rows) {
  if (!rows.length) return null;
  const cells = (row) => row.map((cell) => element("td", {}, ...(typeof cell === "string" ? prose(cell) : [cell])));
  const body = rows.map((row) => element("tr", {}, ...cells(row)));
  return element("section", { class: "wide" }, element("h3", {}, heading), element("table", {}, ...body));
}

function code(text) {
  return element("code", {}, text);
}

/* Text in which `words` stand for code. */
function prose(text) {
  return text.split("`").map((part, number) => (number % 2 ? code(part) : part));
}

function json(value) {
  return element("pre", {}, JSON.stringify(value, null, 2));
}

function example(heading, value) {
  return value === undefined ? null : element("details", {}, element("summary", {}, heading), json(value));
}

function contentOf(part) {
  return Object.values((part && part.content) || {})[0] || {};
}

/* The first request that can be copied: without a body, the call alone. */
function curl(path, method, operation, body) {
  const lines = [`curl -X ${method.toUpperCase()} "$PAYDAY${path.replaceAll("{", "$").replaceAll("}", "")}"`];
  lines.push('  -H "Authorization: Bearer $TOKEN"');
  for (const parameter of operation.parameters || []) {
    if (parameter.in === "header" && parameter.required) lines.push(`  -H "${parameter.name}: ${HEADERS[parameter.name]}"`);
  }
  if (body) lines.push('  -H "Content-Type: application/json"', `  -d '${JSON.stringify(body)}'`);
  return element("pre", {}, lines.join(" \\\n"));
}

const HEADERS = { "Idempotency-Key": "rent-from-december", "If-Match": '\\"v1\\"' };

function fields(spec, schema) {
  const resolved = resolve(spec, schema);
  const required = resolved.required || [];
  return Object.entries(resolved.properties || {}).map(([name, field]) => [
    code(name), typeOf(spec, field) + (required.includes(name) ? ", required" : ""), remarks(field),
  ]);
}

function requestPart(spec, operation) {
  const content = operation.requestBody && operation.requestBody.content["application/json"];
  if (!content) return [];
  return [
    table("Body", fields(spec, content.schema)),
    example("Example of a body", content.example),
  ];
}

function responseRows(spec, operation) {
  return Object.entries(operation.responses).sort().map(([status, value]) => {
    const response = resolve(spec, value);
    const headers = Object.keys(response.headers || {}).filter((name) => name !== "X-Request-Id");
    return [code(status), response.description, typeOf(spec, contentOf(response).schema), headers.join(", ")];
  });
}

function answer(spec, operation) {
  const [status, response] = Object.entries(operation.responses).find(([name]) => name.startsWith("2"));
  const follow = Object.keys(response.links || {}).flatMap((name) => [element("a", { href: `#${name}` }, name), " "]);
  return [
    example(`Example of an answer (${status})`, contentOf(response).example),
    follow.length ? element("p", { class: "follow" }, "From here: ", ...follow) : null,
  ];
}

function scopes(operation) {
  return (operation.security || []).flatMap((way) => Object.values(way).flat()).join(" or ");
}

function article(spec, path, method, operation, shared) {
  const parameters = [...shared, ...(operation.parameters || [])].map((value) => resolve(spec, value));
  const rows = parameters.map((parameter) => [
    code(parameter.name), `${parameter.in}${parameter.required ? ", required" : ""}`,
    typeOf(spec, parameter.schema), remarks(parameter.schema || {}, parameter.description),
  ]);
  return element("article", { id: operation.operationId },
    element("h2", {}, element("span", { class: `method ${method}` }, method), code(path)),
    element("p", {}, ...prose(operation.summary || "")),
    element("p", {}, "Scope: ", code(scopes(operation) || "none")),
    curl(path, method, operation, contentOf(operation.requestBody).example),
    table("Parameters", rows), ...requestPart(spec, operation),
    table("Answers", responseRows(spec, operation)), ...answer(spec, operation));
}

function schemaArticle(spec, name) {
  return element("article", { id: `schema-${name}` },
    element("h2", {}, name), table("Fields", fields(spec, spec.components.schemas[name])));
}

function show(spec) {
  document.getElementById("title").textContent = `${spec.info.title} ${spec.info.version}`;
  document.getElementById("about").append(...prose(spec.info.description || ""));
  const contents = document.getElementById("contents");
  const articles = [];
  const groups = new Map();
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const operation = item[method];
      const [tag] = operation.tags;
      if (!groups.has(tag)) groups.set(tag, [element("h2", {}, tag)]);
      groups.get(tag).push(element("a", { href: `#${operation.operationId}` }, `${method.toUpperCase()} ${path}`));
      articles.push(article(spec, path, method, operation, item.parameters || []));
    }
  }
  contents.append(...[...groups.values()].flat(), element("h2", {}, "schemas"));
  for (const name of Object.keys(spec.components.schemas)) {
    contents.append(element("a", { href: `#schema-${name}` }, name));
    articles.push(schemaArticle(spec, name));
  }
  document.getElementById("operations").replaceChildren(...articles);
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

fetch("/openapi.json")
  .then((response) => response.json())
  .then(show)
  .catch((error) => {
    document.getElementById("operations").textContent = `The document cannot be shown: ${error.message}`;
  });
