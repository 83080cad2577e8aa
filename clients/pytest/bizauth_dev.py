"""pytest fixtures over the control API of `bizauth dev`; the standard library is enough.

Copy this file beside your tests and put `from bizauth_dev import *` into conftest.py. `platform` is there once for
the whole run: the one that BIZAUTH_CONTROL_URL names, or else one that is started for it (the program is
BIZAUTH_BIN, or `bizauth` on the PATH). `world` is new in each test and dropped after it.
"""

import json
import os
import subprocess
import urllib.error
import urllib.request
from urllib.parse import urlencode

import pytest

__all__ = ["Platform", "Refused", "World", "platform", "world"]


class Refused(AssertionError):
    """The control API refused a call; what it says names what would be allowed."""


class Platform:
    def __init__(self, control_url):
        self.control_url = control_url

    def call(self, method, path, body=None):
        """A call of the control API: its JSON, or None where there is none."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(self.control_url + path, data, headers, method=method)
        # Without proxies: the platform is on this machine, whatever HTTP_PROXY says.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(f"{method} {path}: {error.code} {error.read().decode()}") from None
        return json.loads(text) if text else None

    def world(self, **wish):
        """A world of one's own: `seed` (a dict) or `seed_toml`, `random`, `clock`, `id`; the demo's seed without."""
        return World(self, self.call("POST", "/worlds", wish))


class World(Platform):
    def __init__(self, platform, told):
        super().__init__(told["base_url"] + "/_dev")
        self.platform, self.id, self.base_url, self.told = platform, told["id"], told["base_url"], told
        keys = [key for app in told["apps"] for key in app["keys"] if key["redirect_uris"]]
        self.client_id, self.client_secret, self.redirect_uri = (
            (keys[0]["value"], keys[0]["secret"], keys[0]["redirect_uris"][0]) if keys else (None, None, None)
        )

    def drop(self):
        self.platform.call("DELETE", f"/worlds/{self.id}")

    def advance(self, span):
        """Moves the clock by "400 days"; what fell in between, in order."""
        return self.call("POST", "/clock", {"advance": span})["happenings"]

    def fault(self, endpoint, **plan):
        """`fault("tokeninfo", code="-9798", times=1)`"""
        return self.call("POST", "/faults", {"endpoint": endpoint, **plan})

    def consent(self, action="approve", **rule):
        """A rule for consent screens; with `times` it is an entry of a queue."""
        return self.call("POST", "/consents", {"action": action, **rule})

    def token(self, **wish):
        """A business token, through consent and redemption."""
        return self.call("POST", "/tokens", wish)["access_token"]

    def kill(self, token, reason):
        return self.call("POST", "/tokens/kill", {"token": token, "reason": reason})

    def requests(self, **where):
        """The log: `requests(endpoint="token", status=200)`"""
        return self.call("GET", "/requests?" + urlencode(where))["requests"]


@pytest.fixture(scope="session")
def platform():
    if url := os.environ.get("BIZAUTH_CONTROL_URL"):
        yield Platform(url)
        return
    command = [os.environ.get("BIZAUTH_BIN", "bizauth"), "dev", "--json", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            banner = process.stdout.readline()
            assert banner, f"{command[0]} ended at once; it says why on stderr"
            yield Platform(json.loads(banner)["control_url"])
        finally:
            process.terminate()


@pytest.fixture
def world(platform):
    made = platform.world()
    yield made
    made.drop()
