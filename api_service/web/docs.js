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
  if (schema.type === "array") return `list of ${typeOf(spec, schema.items)}`;
  return schema.format ? `${type} (${schema.format})` : type;
}

function remarks(schema, description) {
  const parts = [description || schema.description];
  if (schema.enum) parts.push(`One of: ${schema.enum.join(", ")}.`);
  if (schema.default !== undefined && schema.default !== null) parts.push(`Default: ${JSON.stringify(schema.default)}.`);
  if (schema.minimum !== undefined) parts.push(`From ${schema.minimum} to ${schema.maximum}.`);
  if (schema.maxLength !== undefined) parts.push(`At most ${schema.maxLength} characters.`);
  return parts.filter(Boolean).join(" ");
}

function table(heading, rows) {
  if (!rows.length) return null;
  const body = rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell))));
  return element("section", { class: "wide" }, element("h3", {}, heading), element("table", {}, ...body));
}

function code(text) {
  return element("code", {}, text);
}

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
    content.example ? element("pre", {}, JSON.stringify(content.example, null, 2)) : null,
  ];
}

function responseRows(spec, operation) {
  return Object.entries(operation.responses).sort().map(([status, value]) => {
    const response = resolve(spec, value);
    const schema = (Object.values(response.content || {})[0] || {}).schema;
    return [code(status), response.description, typeOf(spec, schema)];
  });
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
    element("p", {}, operation.summary || ""),
    element("p", {}, "Scope: ", code(scopes(operation) || "none")),
    table("Parameters", rows), ...requestPart(spec, operation), table("Answers", responseRows(spec, operation)));
}

function schemaArticle(spec, name) {
  return element("article", { id: `schema-${name}` },
    element("h2", {}, name), table("Fields", fields(spec, spec.components.schemas[name])));
}

function show(spec) {
  document.getElementById("title").textContent = `${spec.info.title} ${spec.info.version}`;
  document.getElementById("about").textContent = spec.info.description || "";
  const contents = document.getElementById("contents");
  const articles = [];
  let tag = null;
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const operation = item[method];
      if (operation.tags[0] !== tag) {
        tag = operation.tags[0];
        contents.append(element("h2", {}, tag));
      }
      contents.append(element("a", { href: `#${operation.operationId}` }, `${method.toUpperCase()} ${path}`));
      articles.push(article(spec, path, method, operation, item.parameters || []));
    }
  }
  contents.append(element("h2", {}, "schemas"));
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
