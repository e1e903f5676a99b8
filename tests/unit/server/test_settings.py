"""Settings: what is refused, in words that name the key, and where values come from."""

from pathlib import Path

import pytest
from buoy_server import settings


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen", "192.0.2.1:7117"], "listen: 192.0.2.1:7117 is neither loopback nor a unix socket"),
        (["--listen", "nonsense"], "listen: nonsense"),
        (["--http", "0.0.0.0:80"], "http: 0.0.0.0:80 is not loopback"),
        (["--default-netblock", "10.0.0.0/31"], "is no netblock of /8 to /30"),
        (["--config", "/nowhere.toml"], "config: there is no file /nowhere.toml"),
    ],
)
def test_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        settings.load(arguments)


def test_command_line_before_environment_before_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "server.toml"
    file.write_text('database = "sqlite:///file.db"\nlisten = ["127.0.0.1:1", "unix:///tmp/x"]\nnode_lease = 3.0\n')
    monkeypatch.setenv("BUOY_CONFIG", str(file))
    monkeypatch.setenv("BUOY_DATABASE", "sqlite:///environment.db")
    monkeypatch.setenv("BUOY_HTTP", "http://127.0.0.1:13000/")
    chosen = settings.load(["--node-lease", "5"])
    assert (chosen.database, chosen.node_lease) == ("sqlite:///environment.db", 5.0)
    assert chosen.listen == ["127.0.0.1:1", "unix:///tmp/x"]
    assert chosen.http == "127.0.0.1:13000"


def test_several_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings.load(["--listen", "127.0.0.1:1", "--listen", "unix:///tmp/x"])
    monkeypatch.setenv("BUOY_LISTEN", "127.0.0.1:1, unix:///tmp/x")
    assert given.listen == settings.load([]).listen == ["127.0.0.1:1", "unix:///tmp/x"]
