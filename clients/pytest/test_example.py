"""What a test of yours may look like; `call` is where your own client would be."""

import json
import urllib.error
import urllib.request

import pytest
from bizauth_dev import Refused


def call(url, token):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def tokeninfo(world, token):
    return call(f"{world.base_url}/v1/business/tokeninfo", token)


def test_a_token_dies_after_a_year_of_disuse(world):
    token = world.token(scope=["moment_management"])
    assert tokeninfo(world, token)[0] == 200
    assert "token-unused" in [event["what"] for event in world.advance("400 days")]
    status, body = tokeninfo(world, token)
    assert (status, body["code"]) == (401, -401)


def test_a_fault_strikes_as_often_as_it_says(world):
    token = world.token(scope=["moment_management"])
    world.fault("tokeninfo", code="-9798", times=1)
    assert tokeninfo(world, token)[1]["code"] == -9798
    assert tokeninfo(world, token)[0] == 200
    assert [entry["answer"]["status"] for entry in world.requests(endpoint="tokeninfo")] == [503, 200]


def test_worlds_do_not_meet(world, platform):
    other = platform.world(seed_toml='[[users]]\nemail = "kim@example.com"\n')
    assert [user["email"] for user in other.told["users"]] == ["kim@example.com"]
    assert other.client_id is None
    other.drop()
    with pytest.raises(Refused, match="410"):
        other.advance("1h")
    token = world.token(scope=["moment_management"])
    world.kill(token, "withdrawn")
    assert tokeninfo(world, token)[0] == 401


def test_a_mistake_says_what_is_allowed(world):
    with pytest.raises(Refused, match="tokeninfo"):
        world.fault("tokn", code="-9798")
