import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from audio_assets.api.security import Guard, check_binding, is_loopback
from audio_assets.errors import SettingsError
from audio_assets.settings import Settings


def client(tmp_path, base_url="http://127.0.0.1:8000", **settings):
    app = Starlette(routes=[Route("/", lambda request: PlainTextResponse("in"))])
    app.add_middleware(Guard, settings=Settings(home=tmp_path, **settings))
    return TestClient(app, base_url=base_url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"])
def test_addresses_of_this_machine_only(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "localhost.evil.org", ""])
def test_addresses_that_others_reach(host):
    assert not is_loopback(host)


def test_the_network_needs_a_token(tmp_path):
    with pytest.raises(SettingsError, match="AUDIO_ASSETS_API_TOKEN"):
        check_binding(Settings(home=tmp_path, api_host="0.0.0.0"))
    check_binding(Settings(home=tmp_path, api_host="0.0.0.0", api_token=SecretStr("long")))
    check_binding(Settings(home=tmp_path))


def test_a_token_that_is_set_is_required(tmp_path):
    guarded = client(tmp_path, api_token=SecretStr("schlüssel"))
    assert guarded.get("/").status_code == 401
    assert guarded.get("/").headers["www-authenticate"] == "Bearer"
    wrong = [b"Bearer x", b"Basic schl\xc3\xbcssel", b"", "Bearer schlüsse".encode()]
    for value in wrong:
        assert guarded.get("/", headers={"authorization": value}).status_code == 401
    right = {"authorization": "Bearer schlüssel".encode()}
    assert guarded.get("/", headers=right).text == "in"


@pytest.mark.parametrize(
    "host",
    ["evil.org", "evil.org:8000", "127.0.0.1.evil.org", "", "[::1", "evil.org@127.0.0.1", "127.1",
     "127.0.0.1#evil.org", "127.0.0.1/evil", "evil.org\\@127.0.0.1", "127.0.0.1:evil", "[::]",
     "0.0.0.0", "[::ffff:10.0.0.1]", "localhost%00", "127.0.0.1, evil.org"],
)  # fmt: skip
def test_a_foreign_host_name_is_refused_on_loopback(tmp_path, host):
    assert client(tmp_path).get("/", headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "origin",
    ["https://evil.org", "null", "", "http://127.0.0.1.evil.org", "http://127.0.0.1:8000@evil.org",
     "file://", "http://127.0.0.1:5151", "http://localhost", "http://127.0.0.1:port"],
)  # fmt: skip
def test_a_web_page_from_elsewhere_is_refused_on_loopback(tmp_path, origin):
    reply = client(tmp_path).get("/", headers={"origin": origin})
    assert reply.status_code == 403
    assert "access-control-allow-origin" not in reply.headers


def test_this_machine_may_call_by_each_of_its_names(tmp_path):
    for host in ("localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST:8000", "localhost.:1"):
        headers = {"host": host, "origin": f"http://{host}"}
        assert client(tmp_path).get("/", headers=headers).status_code == 200


def test_behind_a_proxy_any_host_name_may_call_with_the_token(tmp_path):
    open_to_all = client(tmp_path, api_host="0.0.0.0", api_token=SecretStr("long"))
    headers = {"host": "audio.example.org", "authorization": "Bearer long"}
    assert open_to_all.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("name", ["host", "origin"])
def test_a_header_that_is_there_twice_is_refused(tmp_path, name):
    twice = [("host", "127.0.0.1"), ("origin", "http://127.0.0.1")]
    twice.append((name, dict(twice)[name]))
    assert client(tmp_path).get("/", headers=twice).status_code == 403


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("cross-site", "no-cors", 403),
        ("same-site", "no-cors", 403),
        ("cross-site", "navigate", 200),
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
    ],
)
def test_a_foreign_page_may_link_here_but_embed_nothing(tmp_path, site, mode, status):
    headers = {"sec-fetch-site": site, "sec-fetch-mode": mode}
    assert client(tmp_path).get("/", headers=headers).status_code == status


def test_the_body_of_who_may_not_call_is_not_read(tmp_path):
    guarded = client(tmp_path, api_token=SecretStr("long"))
    assert guarded.post("/", content=b"x").headers["connection"] == "close"
    assert "connection" not in guarded.get("/").headers
