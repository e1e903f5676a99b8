"""What the demo's steps share: the stage, and what earlier steps made for later ones."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from tests.lab.cli import Following
from tests.lab.stage import Guest, Stage
from tests.support.web import Download, http_server


@dataclass(slots=True)
class DemoStage:
    """The cast: red/web, blue/web and blue/far come to float; red/neighbour and blue/lonely never do."""

    stage: Stage
    keep: ExitStack
    red: dict[str, Any] = field(init=False)
    blue: dict[str, Any] = field(init=False)
    red_web: Guest = field(init=False)
    red_neighbour: Guest = field(init=False)
    blue_web: Guest = field(init=False)
    blue_far: Guest = field(init=False)
    blue_lonely: Guest = field(init=False)
    red_float: IPv4Address = field(init=False)
    blue_float: IPv4Address = field(init=False)
    far_float: IPv4Address = field(init=False)
    watch: Following = field(init=False)
    download: Download = field(init=False)

    def serve(self) -> None:
        """Starts a web server in every instance, and one outside."""
        for guest in self.stage.guests:
            self.keep.enter_context(http_server(guest.netns, self.title(guest)))
        self.keep.enter_context(http_server(self.stage.world.client, "outside"))

    def title(self, guest: Guest) -> str:
        """How the story calls an instance, and what its web server says."""
        return f"{guest.namespace}/{guest.name}"

    def events(self, interface: str) -> list[dict[str, Any]]:
        """What the watch has shown of an interface so far."""
        return [line for line in self.watch.lines if line.get("interface", {}).get("uuid") == interface]

    def states(self, interface: str) -> list[str]:
        """The states of it that the watch has shown, each once, in their order."""
        return list(dict.fromkeys(event["interface"]["state"] for event in self.events(interface)))

    def phases(self, interface: str) -> list[str]:
        """The phases of its floating address that the watch has shown, each once, in their order."""
        seen = [(event["interface"].get("floating") or {}).get("phase") for event in self.events(interface)]
        return list(dict.fromkeys(phase for phase in seen if phase))
