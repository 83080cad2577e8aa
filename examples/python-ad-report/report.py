"""Reports the ad accounts that a person lent to us, and keeps the business token for it alive.

    KAUTH_URL, KAPI_URL           where the platform answers; the platform's own hosts without them
    CLIENT_ID, CLIENT_SECRET      the REST API key of the app, and its client secret
    REDIRECT_URI                  the app's redirect URI: http, on this machine, with a port that is free
    TOKEN_FILE                    where the token is kept; `token.json` without it

Exit status: 0 with the report; 3 when the person declined; 4 when the platform cannot answer now, try again later.
"""

import json
import os
import secrets
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import requests
from oauthlib.oauth2 import AccessDeniedError
from requests_oauthlib import OAuth2Session

KAUTH = os.environ.get("KAUTH_URL", "https://kauth.kakao.com")
KAPI = os.environ.get("KAPI_URL", "https://kapi.kakao.com")
SCOPES = ["biz_account_email", "moment_management", "keyword_management"]
TIMEOUT = 10


class Unavailable(Exception):
    """No answer that says anything about the token: keep it, and try again later."""


def kept(path):
    try:
        return json.loads(path.read_text())["access_token"]
    except (FileNotFoundError, ValueError, KeyError):
        return None


def keep(path, token):
    # Beside the old file and then in its place, so that a crash leaves one of the two; nobody else may read it.
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(token, file)
    beside.replace(path)


def ask(path, token):
    """What kapi says, or None where it refuses the token: code -401, whatever killed it."""
    try:
        answer = requests.get(KAPI + path, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT)
        body = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise Unavailable(f"{path}: {error}") from error
    if answer.status_code == 200:
        return body
    if body.get("code") == -401:
        return None
    # Maintenance, quota, a sanction: a new consent would not help, and would bother a person.
    raise Unavailable(f"{path}: {answer.status_code} {body}")


def callback(redirect_uri):
    """Waits for the browser to come back from the consent screen: the URL that it was sent to."""
    at, came = urlsplit(redirect_uri), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            ours = urlsplit(self.path).path == at.path
            if ours:
                came.append(f"{at.scheme}://{at.netloc}{self.path}")
            self.send_response(200 if ours else 404)
            self.end_headers()
            self.wfile.write(b"Thank you. You may close this page.\n" if ours else b"")

        def log_message(self, *_):
            pass  # The query holds the code.

    with HTTPServer((at.hostname, at.port), Handler) as server:
        yield  # It listens: now the person may be sent to the screen.
        while not came:
            server.handle_request()
    yield came[0]


def consent():
    """A person's consent, from the screen to the token."""
    redirect_uri = os.environ["REDIRECT_URI"]
    if urlsplit(KAUTH).hostname in ("127.0.0.1", "localhost"):
        # On this machine alone: everywhere else the library goes on insisting on TLS.
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    state = secrets.token_urlsafe(24)
    # The library joins a list with blanks; the platform wants commas here, and answers with blanks later. So the list
    # goes in as one word, and is a list again when the library compares it with what was granted.
    session = OAuth2Session(os.environ["CLIENT_ID"], redirect_uri=redirect_uri, scope=[",".join(SCOPES)], state=state)
    url, _ = session.authorization_url(f"{KAUTH}/oauth/business/authorize")
    session.scope = SCOPES
    waiting = callback(redirect_uri)
    next(waiting)
    print(f"Please consent: {url}", flush=True)
    back = next(waiting)
    if back.startswith("http://"):
        # The last step, from the browser to this program, never leaves the machine.
        back = "https://" + back.removeprefix("http://")
    try:
        # The key and its secret are fields of the form: the platform knows no Basic authentication here.
        return session.fetch_token(
            f"{KAUTH}/oauth/business/token",
            authorization_response=back,
            include_client_id=True,
            client_secret=os.environ["CLIENT_SECRET"],
            timeout=TIMEOUT,
        )
    except requests.RequestException as error:
        raise Unavailable(f"token: {error}") from error


def main():
    path = Path(os.environ.get("TOKEN_FILE", "token.json"))
    try:
        token = kept(path)
        # Asking also keeps the token alive: the platform ends those that nobody uses for a year.
        info = token and ask("/v1/business/tokeninfo", token)
        if not info:
            if token:
                print("The token is refused.", flush=True)
            answer = consent()
            keep(path, answer)
            token = answer["access_token"]
            info = ask("/v1/business/tokeninfo", token)
            if info is None:
                raise Unavailable("a new token is refused")
    except AccessDeniedError:
        print("The person declined. Nothing is reported; the next run asks again.", flush=True)
        return 3
    except Unavailable as error:
        print(f"Try again later: {error}", flush=True)
        return 4
    for agreement in info["biz_agreements"]:
        for account in agreement.get("ad_account_ids", []):
            print(f"{agreement['group']}: {'every ad account' if account == '*' else f'ad account {account}'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
