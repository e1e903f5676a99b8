"""The part of `make lab` that is inside the world: namespaces and agents. Ends when its standard input does.

As root it works on the machine's own /run/netns; for an ordinary user it is started through tests.support.enter.
It writes "ready" when the agents run, and starts an agent again that ends, as a service manager does.
"""

import argparse
import select
import sys
from pathlib import Path

from tests.lab import processes, world
from tests.lab.processes import Program, ServerPlace
from tests.lab.world import World


def main() -> int:
    """Builds the world, keeps its agents running, and takes all away at the end."""
    options = _options()
    place = ServerPlace(options.directory, 0)
    with world.built(World(options.prefix)) as lab:
        agents = [processes.agent(site, place, options.logs / f"agent-{site.name}.log") for site in lab.nodes]
        for agent in agents:
            agent.start()
        _say("ready")
        try:
            while not select.select([sys.stdin], [], [], 0.5)[0]:
                _keep(agents)
        finally:
            for agent in agents:
                agent.stop()
    return 0


def _keep(agents: list[Program]) -> None:
    for agent in agents:
        if not agent.running:
            _say(f"{agent.name} ended; it is started again. Its last words: {agent.last_words(1)}")
            agent.start()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--logs", type=Path, required=True)
    return parser.parse_args()


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
