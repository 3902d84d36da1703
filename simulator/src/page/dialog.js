// The topmost dialog of the person who is chosen: its blocks, its inputs, and what is wrong with these.

import { blocks } from "/page/blocks.js";
import { element } from "/page/text.js";

let shown = "";

// The value of an input as it is submitted: text, the value of an option, or whole options where the app brings them.
function field(item, act) {
  const kind = item.element;
  if (kind.type === "plain_text_input") {
    const made = element(kind.multiline ? "textarea" : "input");
    made.value = kind.initial_value ?? "";
    if (kind.max_length) made.maxLength = kind.max_length;
    return { node: made, value: () => made.value };
  }
  if (kind.type === "static_select") {
    const made = element("select");
    made.append(new Option(kind.placeholder?.text ?? "–", ""));
    for (const option of kind.options) made.append(new Option(option.text.text, option.value));
    made.value = kind.initial_option?.value ?? "";
    return { node: made, value: () => made.value || null };
  }
  if (kind.type === "datetimepicker") {
    const made = element("input");
    made.type = "datetime-local";
    const zone = new Date().getTimezoneOffset() * 60_000;
    if (kind.initial_date_time) made.value = new Date(kind.initial_date_time * 1000 - zone).toISOString().slice(0, 16);
    return { node: made, value: () => (made.value ? Math.floor(new Date(made.value).getTime() / 1000) : null) };
  }
  if (/external_select$/.test(kind.type)) return external(item, kind, act);
  return { node: element("span", "hint", `[${kind.type}]`), value: () => undefined };
}

// A menu whose options come from the app as one types.
function external(item, kind, act) {
  const many = kind.type.startsWith("multi");
  let chosen = many ? [...(kind.initial_options ?? [])] : kind.initial_option ? [kind.initial_option] : [];
  const typed = element("input");
  typed.placeholder = kind.placeholder?.text ?? "Type to search";
  const offered = element("div", "offered");
  const taken = element("div", "taken");
  const draw = () => taken.replaceChildren(...chosen.map((option) => {
    const made = element("button", "button", `${option.text.text} ✕`);
    made.type = "button";
    made.addEventListener("click", () => { chosen = chosen.filter((other) => other !== option); draw(); });
    return made;
  }));
  const offer = async () => {
    const { options = [] } = await act("/sim/suggest", { action: item.block_id, text: typed.value });
    offered.replaceChildren(...options.map((option) => {
      const made = element("button", "button", option.text.text);
      made.type = "button";
      made.addEventListener("click", () => {
        chosen = many ? [...chosen.filter((other) => other.value !== option.value), option] : [option];
        offered.replaceChildren();
        typed.value = "";
        draw();
      });
      return made;
    }));
  };
  typed.addEventListener("input", offer);
  typed.addEventListener("focus", offer);
  draw();
  return { node: element("div", "external", taken, typed, offered), value: () => (many ? chosen : chosen[0] ?? null) };
}

// Shows the dialog, unless it is shown already: what a person is typing stays.
export function dialog(view, names, act, changed) {
  const place = document.getElementById("dialog");
  place.hidden = !view;
  if (!view) { shown = ""; place.replaceChildren(); return; }
  if (shown === view.id + view.hash) return;
  shown = view.id + view.hash;
  const fields = new Map();
  const press = (action, choice, block) => act("/sim/press", { action, choice, block }).then(changed);
  const form = element("form", "modal", element("h2", "", view.title?.text ?? ""));
  for (const item of view.blocks) {
    if (item.type !== "input") { form.append(...blocks([item], names, press)); continue; }
    const made = field(item, act);
    fields.set(item.block_id, made);
    const label = element("label", "field", element("span", "name", item.label.text + (item.optional ? " (optional)" : "")), made.node);
    if (item.hint) label.append(element("span", "hint", item.hint.text));
    form.append(label);
  }
  const buttons = element("div", "buttons");
  const close = element("button", "button", view.close?.text ?? "Close");
  close.type = "button";
  close.addEventListener("click", async () => { await act("/sim/close", {}); changed(); });
  buttons.append(close);
  if (view.submit) buttons.append(element("button", "button primary", view.submit.text));
  form.append(buttons);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = {};
    for (const [name, made] of fields) {
      const value = made.value();
      if (value !== undefined) values[name] = value;
    }
    await act("/sim/submit", { values });
    changed();
  });
  place.replaceChildren(form);
}
