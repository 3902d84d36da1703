"""PyPI gql: query, mutation, errors, and a subscription that goes on after its last cursor.

TOCSIN_URL=… TOCSIN_KEY=… python judge_gql.py
"""

import asyncio
import os
import uuid

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

URL = os.environ["TOCSIN_URL"].rstrip("/") + "/graphql"
AUTHORIZATION = {"Authorization": f"Bearer {os.environ['TOCSIN_KEY']}"}

TRIGGER = gql(
    """mutation Trigger($input: TriggerIncidentInput!) {
      triggerIncident(input: $input) { incident { number title } userErrors { code message } }
    }"""
)
INCIDENT = gql("query Incident($number: Int!) { incident(number: $number) { title status } }")
LOG = gql(
    """query Log($after: String) {
      eventLog(after: $after, first: 100) { pageInfo { hasNextPage endCursor } }
    }"""
)
EVENTS = gql(
    """subscription Events($after: String) {
      incidentEvents(after: $after) { cursor incident { title } }
    }"""
)


def over_http():
    return Client(
        transport=AIOHTTPTransport(url=URL, headers=AUTHORIZATION),
        fetch_schema_from_transport=True,
    )


def document(request, **variables):
    request.variable_values = variables
    return request


async def trigger(session, title):
    answer = await session.execute(document(TRIGGER, input={"title": title, "urgency": "LOW"}))
    payload = answer["triggerIncident"]
    assert payload["userErrors"] == [], payload
    return payload["incident"]


async def last_cursor(session):
    await trigger(session, "Start")
    after = None
    while True:
        answer = await session.execute(document(LOG, after=after))
        page = answer["eventLog"]["pageInfo"]
        after = page["endCursor"] or after
        if not page["hasNextPage"]:
            return after


async def read(after, prefix, count):
    """The next `count` events of this run after a cursor, over a socket of their own."""
    transport = WebsocketsTransport(url=URL.replace("http", "ws", 1), init_payload=AUTHORIZATION)
    titles = []
    async with Client(transport=transport) as session:
        async for answer in session.subscribe(document(EVENTS, after=after)):
            event = answer["incidentEvents"]
            after = event["cursor"]
            if event["incident"]["title"].startswith(prefix):
                titles.append(event["incident"]["title"])
            if len(titles) == count:
                return after, titles


async def main():
    prefix = f"By gql {uuid.uuid4()}"
    async with over_http() as session:
        incident = await trigger(session, prefix)
        answer = await session.execute(document(INCIDENT, number=incident["number"]))
        assert answer["incident"] == {"title": prefix, "status": "TRIGGERED"}, answer

        try:
            await session.execute(gql('{ incident(id: "nonsense") { id } }'))
        except TransportQueryError as error:
            assert error.errors[0]["extensions"]["code"], error.errors

        after = await last_cursor(session)
        expected = [f"{prefix} {n}" for n in range(6)]
        for title in expected[:3]:
            await trigger(session, title)
        after, first = await read(after, prefix, 2)
        for title in expected[3:]:
            await trigger(session, title)
        _, rest = await read(after, prefix, 4)
        assert first + rest == expected, (first, rest)
    print("gql: query, mutation, errors and a resumed subscription: ok")


asyncio.run(asyncio.wait_for(main(), 60))
