"""The page that shows the description: one file, no scripts, nothing from elsewhere."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby
from typing import Any

from buoy_server.http import openapi
from buoy_server.http.route import Parameter, Route
from buoy_server.http.schemas import SCHEMAS

METHODS = ("GET", "POST", "PUT", "DELETE")
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0 } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line) }
code, pre { font: 14px/1.5 ui-monospace, monospace } pre { background: var(--soft); padding: .8rem; overflow-x: auto }
details { border: 1px solid var(--line); border-radius: 6px; margin: .4rem 0 } details > *:not(summary) { margin: .6rem 1rem }
summary { padding: .4rem .8rem; cursor: pointer } summary code { margin: 0 .6rem 0 .2rem; font-weight: 600 }
summary span { opacity: .8 } .verb { display: inline-block; width: 4.6rem; font-weight: 700 }
.GET { color: #1a7f37 } .POST { color: #0969da } .PUT { color: #9a6700 } .DELETE { color: #cf222e }
table { border-collapse: collapse } td, th { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top }
"""
INTRODUCTION = """
<p>Network interfaces of instances, and their floating addresses, by the paths of Shaken Fist.
The same calls are there as gRPC.</p>
<p>Ask for a token with a namespace and one of its keys, and send it with every call:</p>
<pre>curl -s http://HOST:PORT/auth -d '{"namespace": "NAMESPACE", "key": "KEY"}'
curl -s http://HOST:PORT/interfaces/UUID -H "Authorization: Bearer TOKEN"</pre>
<p>Bodies are JSON. GET and DELETE take their arguments from the query or from a body. Whatever is refused says why:
<code>{"error": text, "status": code}</code>. A <code>floating</code> address that is shown works.</p>
<p>A change may bear a UUID as its <code>Idempotency-Key</code>: it may then be sent again for 24 hours, is made once, and
gets its first answer each time. Another request with that key is refused with 400.</p>
"""


def document(title: str, content: str) -> str:
    """Return an HTML document."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{content}</body></html>"
    )


def page(routes: Iterable[Route]) -> str:
    """Return the page."""
    ordered = sorted(routes, key=lambda route: (openapi.tag_of(route), route.path, METHODS.index(route.method)))
    sections = [f"<h2>{escape(tag)}</h2>" + "".join(map(_route, group)) for tag, group in groupby(ordered, openapi.tag_of)]
    shapes = "".join(_shape(name, schema) for name, schema in SCHEMAS.items())
    codes = _rows((str(status), about) for status, about in openapi.REFUSALS.items())
    machine = '<p>For programs: <a href="openapi.json">openapi.json</a>.</p>'
    end = f"<h2>What is shown</h2>{shapes}<h2>Refusals</h2><table>{codes}</table>"
    return document("Buoy", INTRODUCTION + machine + "".join(sections) + end)


def _route(route: Route) -> str:
    takes = _rows((parameter.name, _about(parameter)) for parameter in route.takes)
    refused = ", ".join(map(str, openapi.refusals(route)))
    return (
        f'<details><summary><span class="verb {route.method}">{route.method}</span>'
        f"<code>{escape(route.path.replace(':path', ''))}</code><span>{escape(route.summary)}</span></summary>"
        + (f"<table>{takes}</table>" if takes else "")
        + f"<p>Answers {_kind(route.answer)}; refuses with {refused}.</p></details>"
    )


def _about(parameter: Parameter) -> str:
    needed = "; needed" if parameter.required else ""
    return f"{_kind(parameter.schema)}{needed}: {escape(parameter.about)}"


def _kind(schema: Mapping[str, Any]) -> str:
    """Return a schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{name}">{name}</a>'
    if "enum" in schema:
        return escape(" or ".join(schema["enum"]))
    kinds = schema.get("type", "any JSON")
    words = [kinds] if isinstance(kinds, str) else list(kinds)
    if "array" in words:
        words[words.index("array")] = f"a list of {_kind(schema['items'])}"
    return " or ".join(words)


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    written = escape(json.dumps(schema, indent=2))
    return f'<details id="{name}"><summary><code>{name}</code></summary><pre>{written}</pre></details>'


def _rows(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<tr><th><code>{escape(name)}</code></th><td>{about}</td></tr>" for name, about in rows)
