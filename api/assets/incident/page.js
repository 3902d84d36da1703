"use strict";
// One incident, live: any event about it makes the page read its present state again.

const number = Number(location.pathname.split("/").at(-1));

const INCIDENT = `query Incident($number: Int!, $after: String) {
  viewer { role scopes }
  incident(number: $number) {
    id key number title descriptionMarkdown status urgency severity
    service { name }
    assignees { name }
    tags { key value }
    triggeredAt triggeredAuthor { name }
    acknowledgedAt acknowledgedAuthor { name }
    resolvedAt resolvedAuthor { name } resolutionNoteMarkdown
    snoozedUntil
    timeline(first: 100, after: $after) {
      nodes { id kind source bodyMarkdown changes occurredAt editedAt retractedAt author { name } }
      pageInfo { hasNextPage endCursor }
    }
    slackHeldBack
    deliveries { kind channel state attempts lastError lagMilliseconds }
  }
}`;
const PAYLOAD = "{ userErrors { code message } }";
const ACKNOWLEDGE = `mutation Acknowledge($input: AcknowledgeIncidentInput!) { acknowledgeIncident(input: $input) ${PAYLOAD} }`;
const RESOLVE = `mutation Resolve($input: ResolveIncidentInput!) { resolveIncident(input: $input) ${PAYLOAD} }`;
const COMMENT = `mutation Comment($input: AddCommentInput!) { addComment(input: $input) ${PAYLOAD} }`;

const UNSETTLED = ["QUEUED", "SENDING", "RETRYING"];
let incident = null;
let stream = null;
let reading = null;
let stale = false;
let again = null;

function notice(text) {
  byId("notice").textContent = text ?? "";
  byId("notice").hidden = !text;
}

// Reads the incident with its whole timeline.
async function read() {
  const data = await graphql(INCIDENT, { number, after: null });
  const found = data.incident;
  while (found?.timeline.pageInfo.hasNextPage) {
    const more = await graphql(INCIDENT, { number, after: found.timeline.pageInfo.endCursor });
    found.timeline.nodes.push(...more.incident.timeline.nodes);
    found.timeline.pageInfo = more.incident.timeline.pageInfo;
  }
  return data;
}

// One read at a time; what is asked for meanwhile is one more.
async function refresh() {
  if (reading) {
    stale = true;
    return;
  }
  reading = true;
  clearTimeout(again);
  try {
    const { viewer, incident: found } = await read();
    if (!found) {
      stream?.stop();
      byId("live").textContent = "";
      notice(`There is no incident #${number} in your organisation.`);
      return;
    }
    incident = found;
    const mayWrite =
      viewer.role !== "STAKEHOLDER" && viewer.scopes.some((scope) => scope === "WRITE" || scope === "ADMIN");
    showIncident(incident, mayWrite);
    notice(null);
    if (incident.deliveries.some(({ state }) => UNSETTLED.includes(state))) again = setTimeout(refresh, 3_000);
  } catch (error) {
    if (error.code === "UNAUTHENTICATED") refused();
    else notice(error.message);
  } finally {
    reading = null;
    if (stale) {
      stale = false;
      refresh();
    }
  }
}

function start() {
  byId("leave").textContent = key.get() ? "Forget key" : "Sign out";
  byId("leave").hidden = false;
  notice(null);
  stream = new EventStream({
    onOpen: refresh,
    onEvent(event) {
      if (event.incident.number !== number) return;
      refresh();
      // Slack hears of it a moment later, and the deliveries show that.
      again = setTimeout(refresh, 1_500);
    },
    onState(on) {
      byId("live").className = on ? "live on" : "live";
      byId("live").textContent = on ? "live" : "reconnecting …";
    },
    onRefused: refused,
  });
  refresh();
}

// Neither the key nor the session is valid: people sign in, and come back.
function refused() {
  stream?.stop();
  key.forget();
  leadToSignIn();
}

// Runs a change with its buttons off, and shows what came of it.
async function change(controls, work) {
  for (const control of controls) control.disabled = true;
  try {
    await work();
    await refresh();
  } catch (error) {
    notice(error.message);
  } finally {
    for (const control of controls) control.disabled = false;
  }
}

byId("leave").addEventListener("click", () => {
  stream?.stop();
  leave().catch((error) => notice(error.message));
});

byId("acknowledge").addEventListener("click", (event) =>
  change([event.target], () => mutate(ACKNOWLEDGE, { id: incident.id })),
);

byId("resolve").addEventListener("click", () => byId("resolve-dialog").showModal());

byId("resolve-dialog").addEventListener("close", () => {
  if (byId("resolve-dialog").returnValue !== "resolve") return;
  const note = byId("note").value.trim();
  change([byId("resolve")], () => mutate(RESOLVE, { id: incident.id, noteMarkdown: note || null }));
});

byId("comment-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = byId("comment").value.trim();
  if (body === "") return;
  change([event.submitter, byId("comment")].filter(Boolean), async () => {
    await mutate(COMMENT, { incidentId: incident.id, bodyMarkdown: body });
    byId("comment").value = "";
  });
});

setInterval(refreshTimes, 15_000);
start();
