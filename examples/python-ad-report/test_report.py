"""The life of a token, and the report that lives through it."""

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import requests

SEED = {
    "users": [
        {
            "email": "kim@example.com",
            "assets": [
                {"group": "moment", "id": "482910", "name": "Spring campaign"},
                {"group": "keyword", "id": "730021"},
            ],
        }
    ],
    "apps": [
        {
            "name": "Ad report",
            "permissions": ["moment"],
            "items": ["biz_account_email", "moment_management", "keyword_management"],
            "keys": [{"redirect_uris": ["set below"]}],
        }
    ],
}


@pytest.fixture
def world(platform):
    """A world whose app comes back to a port that is free here."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    seed = json.loads(json.dumps(SEED))
    seed["apps"][0]["keys"][0]["redirect_uris"] = [f"http://127.0.0.1:{port}/callback"]
    made = platform.world(seed=seed)
    yield made
    made.drop()


@pytest.fixture
def report(world, tmp_path):
    """Runs the report; whoever is asked to consent follows the link. Exit status, lines, and whether one was asked."""

    def run():
        environment = {
            **os.environ,
            # Under `dev exec --intercept` the platform's own hosts lead to the world, by the app's key and its tokens.
            **({} if os.environ.get("BY_HOSTS") else {"KAUTH_URL": world.base_url, "KAPI_URL": world.base_url}),
            "CLIENT_ID": world.client_id,
            "CLIENT_SECRET": world.client_secret,
            "REDIRECT_URI": world.redirect_uri,
            "TOKEN_FILE": str(tmp_path / "token.json"),
        }
        program = [sys.executable, str(Path(__file__).with_name("report.py"))]
        lines, asked = [], False
        with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                lines.append(line.strip())
                if line.startswith("Please consent: "):
                    asked = True
                    # What a browser does: to the platform, and by its redirect back to the program. In two steps,
                    # since requests would go through the proxy of the first to an address that NO_PROXY names.
                    try:
                        screen = requests.get(line.split(": ", 1)[1].strip(), allow_redirects=False, timeout=10)
                        assert requests.get(screen.headers["Location"], timeout=10).text.startswith("Thank you")
                    except BaseException:
                        process.kill()
                        raise
        return process.returncode, lines, asked

    run.token_file = tmp_path / "token.json"
    return run


def test_denied_at_first_then_agreed(world, report):
    world.consent("approve")
    world.consent("deny", times=1)
    status, lines, asked = report()
    assert (status, asked) == (3, True)
    assert "declined" in lines[-1]
    assert not report.token_file.exists()
    status, lines, asked = report()
    assert (status, asked) == (0, True)
    assert lines[1:] == ["moment: ad account 482910", "keyword: ad account 730021"]
    assert stat.S_IMODE(report.token_file.stat().st_mode) == 0o600
    assert report()[::2] == (0, False), "a live token is used again"
    assert len(world.requests(endpoint="token")) == 1


def test_dead_of_disuse_and_consented_again(world, report):
    world.consent("approve")
    assert report()[0] == 0
    for _ in range(3):
        world.advance("300 days")
        assert report()[::2] == (0, False), "what is used within a year lives on"
    assert "token-unused" in [event["what"] for event in world.advance("400 days")]
    status, lines, asked = report()
    assert (status, asked, lines[0]) == (0, True, "The token is refused.")
    assert report()[::2] == (0, False)


def test_taken_back_and_denied_keeps_asking(world, report):
    world.consent("approve")
    assert report()[0] == 0
    world.kill(json.loads(report.token_file.read_text())["access_token"], "withdrawn")
    world.consent("deny", times=2)
    assert [report()[0] for _ in range(3)] == [3, 3, 0]


def test_a_platform_in_trouble_bothers_nobody(world, report):
    world.consent("approve")
    assert report()[0] == 0
    before = report.token_file.read_text()
    for plan in ({"code": "-9798"}, {"code": "-10"}, {"status": 502}, {"mishap": "truncated"}, {"mishap": "cut"}):
        world.fault("tokeninfo", times=1, **plan)
        assert report()[::2] == (4, False), plan
    assert report()[::2] == (0, False)
    assert report.token_file.read_text() == before
