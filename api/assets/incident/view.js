"use strict";
// From an incident to elements. Everything that people wrote goes through textContent and nothing else.

const byId = (id) => document.getElementById(id);

function el(tag, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

// "TRIGGERED" → "Triggered", "IN_REVIEW" → "In review"
function words(name) {
  const text = name.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

function ago(iso) {
  const seconds = (new Date(iso) - Date.now()) / 1000;
  const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  return relative.format(Math.round(seconds / size), unit);
}

function time(iso) {
  return el("time", { datetime: iso, title: absolute.format(new Date(iso)), text: ago(iso) });
}

function refreshTimes() {
  for (const element of document.querySelectorAll("time")) element.textContent = ago(element.dateTime);
}

function showIncident(incident, mayWrite) {
  document.title = `${incident.key} ${incident.title} · Tocsin`;
  byId("number").textContent = incident.key;
  byId("title").textContent = incident.title;
  byId("head").className = `card ${incident.status.toLowerCase()}`;
  byId("badges").replaceChildren(
    el("span", { class: `badge ${incident.status.toLowerCase()}`, text: words(incident.status) }),
    el("span", { class: "badge", text: `${words(incident.urgency)} urgency` }),
    ...(incident.severity ? [el("span", { class: "badge", text: incident.severity })] : []),
  );
  byId("since").replaceChildren(...since(incident));
  byId("description").textContent = incident.descriptionMarkdown;
  byId("description").hidden = incident.descriptionMarkdown === "";
  showFacts(incident);
  showDeliveries(incident.deliveries, incident.slackHeldBack);
  showTimeline(incident.timeline.nodes);

  byId("actions").hidden = !mayWrite || incident.status === "RESOLVED";
  byId("acknowledge").hidden = incident.status !== "TRIGGERED";
  byId("comment-form").hidden = !mayWrite;
  byId("incident").hidden = false;
}

function since(incident) {
  const parts = [["Triggered", incident.triggeredAt, incident.triggeredAuthor]];
  if (incident.acknowledgedAt) parts.push(["Acknowledged", incident.acknowledgedAt, incident.acknowledgedAuthor]);
  if (incident.resolvedAt) parts.push(["Resolved", incident.resolvedAt, incident.resolvedAuthor]);
  const [what, when, who] = parts.at(-1);
  return [`${what} `, time(when), who ? ` by ${who.name}` : ""];
}

function showFacts(incident) {
  const facts = [["Service", incident.service.name]];
  facts.push(["Assignees", incident.assignees.map(({ name }) => name).join(", ") || "Nobody"]);
  if (incident.tags.length > 0) {
    const tags = incident.tags.map(({ key, value }) => el("span", { class: "tag", text: `${key}: ${value}` }));
    facts.push(["Tags", ...tags]);
  }
  if (incident.status !== "TRIGGERED") facts.push(["Triggered", time(incident.triggeredAt)]);
  if (incident.snoozedUntil) facts.push(["Snoozed until", time(incident.snoozedUntil)]);
  if (incident.resolutionNoteMarkdown) facts.push(["Resolution", incident.resolutionNoteMarkdown]);
  byId("facts").replaceChildren(
    ...facts.flatMap(([name, ...values]) => [el("dt", { text: name }), el("dd", {}, ...values)]),
  );
}

const DELIVERY_TONE = { POSTED: "good", UPDATED: "good", FAILED: "failed" };
const DELIVERY_NAME = { ROOT: "Message", REPLY: "Reply", UNFURL: "Preview", DIGEST: "Digest", DIRECT: "Message" };

function showDeliveries(deliveries, heldBack) {
  const items = deliveries.map((delivery) => {
    const lag = delivery.lagMilliseconds === null ? [] : [`after ${lagText(delivery.lagMilliseconds)}`];
    const tries = delivery.attempts > 1 ? [`${delivery.attempts} attempts`] : [];
    return el(
      "li",
      {},
      el("span", { class: `dot ${DELIVERY_TONE[delivery.state] ?? "busy"}`, text: "●", "aria-hidden": "true" }),
      el("span", { text: `${DELIVERY_NAME[delivery.kind] ?? words(delivery.kind)} in ${delivery.channel}` }),
      el("span", { class: "faint", text: [words(delivery.state).toLowerCase(), ...lag, ...tries].join(", ") }),
      ...(delivery.lastError ? [el("span", { class: "bad", text: delivery.lastError })] : []),
    );
  });
  if (heldBack) items.unshift(el("li", {}, el("span", { class: "bad", text: heldBack })));
  byId("deliveries").replaceChildren(...items);
  byId("deliveries-card").hidden = items.length === 0;
}

function lagText(milliseconds) {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

const ENTRY_TONE = { TRIGGERED: "triggered", REOPENED: "triggered", ACKNOWLEDGED: "acknowledged", RESOLVED: "resolved" };
const SOURCE_NAME = { SLACK: "in Slack", TIMER: "by a timer", INTEGRATION: "by an integration" };

function showTimeline(entries) {
  const items = entries.map((entry) => {
    const author = entry.author?.name;
    const said = entry.editedAt ? "commented (edited)" : "commented";
    const comment = entry.retractedAt ? "retracted a comment" : said;
    const what = entry.kind === "COMMENT" ? comment : words(entry.kind).toLowerCase();
    const body = [entry.bodyMarkdown, ...entry.changes].filter(Boolean).join("\n");
    return el(
      "li",
      { class: entry.kind === "COMMENT" ? "comment" : (ENTRY_TONE[entry.kind] ?? "") },
      el(
        "div",
        { class: "what" },
        author ? el("strong", { text: author }) : "",
        el("span", { text: author ? what : words(entry.kind) }),
        SOURCE_NAME[entry.source] ? el("span", { class: "faint", text: SOURCE_NAME[entry.source] }) : "",
        time(entry.occurredAt),
      ),
      body ? el("div", { class: "markdown", text: body }) : "",
    );
  });
  byId("timeline").replaceChildren(...items);
}
