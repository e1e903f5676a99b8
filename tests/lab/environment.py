"""What `make lab` tells whatever runs beside it: `.lab/env`, in shell variables, and the same in words."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.world import World

GUIDE = """
The lab is up: two nodes and an outside client on one LAN. Ctrl-C ends it, and leaves nothing behind.

In another terminal, in this directory:

  . .lab/env; PATH=.venv/bin:$PATH                                                  # tells `buoy` where the server is
  buoy instance create web --network demo,float --node node1 --driver netns --wait  # an instance, floated
  buoy instance interfaces web                                                      # its address, and its floating address
  {enter_hint}nsenter --net=/run/netns/$LAB_NODE1_PREFIX<instance uuid> python3 -m http.server 80 &
  {enter_hint}nsenter --net=/run/netns/$LAB_CLIENT_NETNS python3 -c \\
    'import urllib.request as u; print(u.urlopen("http://<floating address>").status)'   # from outside
  buoy interface watch                                                              # every change, as it happens

Without a token everybody is the namespace `system` here, which the network `demo` is in. Shaken Fist's client logs in, to a
namespace of its own, `{namespace}`; its first instance brings a network along:

  tools/shakenfist-client                                                           # once: makes .tools/shakenfist
  export SHAKENFIST_API_URL=$BUOY_HTTP SHAKENFIST_NAMESPACE=$LAB_NAMESPACE SHAKENFIST_KEY=$LAB_KEY
  .tools/shakenfist/bin/sf-client instance create rest 1 1024 -d 8@debian:12        # it insists on a disk; Buoy makes none
  .tools/shakenfist/bin/sf-client interface float <interface uuid>
  .tools/shakenfist/bin/sf-client interface show <interface uuid>
  curl $BUOY_HTTP/auth -d '{{"namespace": "'$LAB_NAMESPACE'", "key": "'$LAB_KEY'"}}'   # a token
  curl -H "Authorization: Bearer <token>" $BUOY_HTTP/interfaces/<interface uuid>

  server  {server}        REST  {http}, described at {http}/docs        logs  {logs}
"""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the server is for gRPC and for HTTP, and a namespace to log in to with its key."""

    server: str
    http: str
    namespace: str
    key: str = field(repr=False)


def variables(world: World, access: Access, enter: str) -> dict[str, str]:
    """The shell variables of `.lab/env`."""
    values = {
        "BUOY_SERVER": access.server,
        "BUOY_HTTP": access.http,
        "LAB_NAMESPACE": access.namespace,
        "LAB_KEY": access.key,
        "LAB_CLIENT_NETNS": world.client,
        "LAB_NODES": " ".join(site.name for site in world.nodes),
        "LAB_ENTER": enter,
    }
    for site in world.nodes:
        values[f"LAB_{site.name.upper()}_NETNS"] = site.netns
        values[f"LAB_{site.name.upper()}_PREFIX"] = site.netns_prefix
    return values


def write(path: Path, values: Mapping[str, str]) -> None:
    """Writes the variables in one step, so that a reader never sees half a file."""
    lines = [f"{name}={shlex.quote(value)}" for name, value in values.items()]
    draft = path.with_suffix(".draft")
    # The last line has an "=" as well, for readers that know no shell.
    draft.touch(mode=0o600)  # it has a key
    draft.write_text("\n".join([*lines, f"export {' '.join(values)} LAB_PID={os.getpid()}"]) + "\n", encoding="utf-8")
    draft.replace(path)


def guide(values: Mapping[str, str], logs: str) -> str:
    """How to use the lab, with commands to copy."""
    return GUIDE.format(
        enter_hint="$LAB_ENTER " if values["LAB_ENTER"] else "",
        server=values["BUOY_SERVER"],
        http=values["BUOY_HTTP"],
        namespace=values["LAB_NAMESPACE"],
        logs=logs,
    )
