"""Settings from the environment and a file."""

from pathlib import Path

import pytest
from buoy_client.config import Config, ConfigError, chosen_target, load, seconds_from_text


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('server = "a:1"\nnamespace = "blue"\ntimeout = 5\n')
    assert load(file, {}) == Config("a:1", "blue", 5)
    assert load(file, {"BUOY_SERVER": "b:2", "BUOY_TIMEOUT": "2s"}) == Config("b:2", "blue", 2.0)


def test_the_users_own_file_need_not_exist(tmp_path: Path) -> None:
    assert load(None, {"HOME": str(tmp_path)}) == Config()
    file = tmp_path / ".config" / "buoy" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('output = "json"')
    assert load(None, {"HOME": str(tmp_path)}).output == "json"


PROFILES = """
server = "top:1"
namespace = "top"
key = "top-secret"
timeout = 5

[profiles.blue]
server = "blue:1"
namespace = "blue"
key = "blue-secret"

[profiles.bare]
server = "bare:1"
"""


def test_arguments_go_before_the_environment_before_a_profile(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(PROFILES)
    environ = {"BUOY_PROFILE": "blue"}
    assert load(file, environ) == Config("blue:1", "blue", 5, key="blue-secret")
    environ |= {"BUOY_NAMESPACE": "red", "BUOY_KEY": "red-secret"}
    assert load(file, environ) == Config("blue:1", "red", 5, key="red-secret")
    found = load(file, environ, arguments=Config("here:1", key="given"))
    assert found == Config("here:1", "red", 5, key="given")
    assert found.sources == {
        "server": "argument",
        "namespace": "BUOY_NAMESPACE",
        "key": "argument",
        "timeout": f"profile blue in {file}",
    }


def test_a_profile_is_chosen_by_argument_by_environment_or_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(PROFILES)
    assert load(file, {}).server == "top:1"
    file.write_text('profile = "bare"\n' + PROFILES)
    assert load(file, {}).server == "bare:1"
    assert load(file, {"BUOY_PROFILE": "blue"}).server == "blue:1"
    assert load(file, {"BUOY_PROFILE": "blue"}, profile="bare").server == "bare:1"


def test_a_profile_never_takes_a_key_from_the_top_level(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(PROFILES)
    assert load(file, {}, profile="bare") == Config("bare:1", None, 5)


def test_a_profile_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(PROFILES)
    with pytest.raises(ConfigError, match=r"no profile 'prod' \(there is bare, blue\)"):
        load(file, {}, profile="prod")
    with pytest.raises(ConfigError, match=r"no profile 'prod' \(there is none\)"):
        load(None, {"HOME": str(tmp_path)}, profile="prod")


def test_a_key_without_a_namespace_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigError, match="belongs to a namespace") as caught:
        load(None, {"BUOY_KEY": "red-secret", "HOME": "/nonexistent"})
    assert "red-secret" not in str(caught.value)


def test_a_key_that_others_can_read_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(PROFILES)
    file.chmod(0o644)
    assert load(file, {}).exposed_file == file
    file.chmod(0o600)
    assert load(file, {}).exposed_file is None
    file.write_text('server = "a:1"\n')
    file.chmod(0o644)
    assert load(file, {}).exposed_file is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("servr = 'x'", "unknown key 'servr'"),
        ("timeout = 'x'", "wrong type"),
        ("[", "config.toml"),
        ("timeout = true", "type"),
        ("[profiles.a]\nkye = 'x'", "unknown key 'profiles.a.kye'"),
        ("[profiles]\na = 'x'", "profiles.a has the wrong type"),
        ("[profiles.a]\nkey = 7", "profiles.a.key has the wrong type"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=words):
        load(file, {})


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(None, {"BUOY_CONFIG": str(tmp_path / "none.toml")})


def test_the_target_is_the_argument_the_setting_or_the_default() -> None:
    assert [chosen_target("a:1", Config("b:2")), chosen_target(None, Config("b:2")), chosen_target(None, Config())] == [
        "a:1",
        "b:2",
        "127.0.0.1:7117",
    ]


@pytest.mark.parametrize("target", ["unix:", "unix://", "unix://relative", "unix:relative"])
def test_a_unix_socket_needs_its_whole_path(target: str) -> None:
    with pytest.raises(ConfigError, match="unix:///PATH"):
        chosen_target(target, Config())
    assert chosen_target("unix:/run/x", Config()) == "unix:/run/x"


def test_durations() -> None:
    assert [seconds_from_text(text) for text in ("30", "5m", "200ms", "1.5s", "1h", "1d")] == [30, 300, 0.2, 1.5, 3600, 86400]
    for text in ("", "x", "5x", "m"):
        with pytest.raises(ConfigError):
            seconds_from_text(text)
