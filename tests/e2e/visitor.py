"""Somebody who asks Airflow's web server over a socket: what is sent is what stands here, nothing is tidied up."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests

from harness.airflow import LocalAirflow
from harness.settings import AIRFLOW_2, LOGIN, PASSWORD, passwords_file

SECONDS = 60.0
# The user who may not see one DAG, and that DAG.
GUEST = "guest"
CLOSED_DAG = "documented_mapped_taskflow"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def detail(self) -> str:
        """The sentence of a refusal."""
        return str(json.loads(self.body)["detail"])


@dataclass
class Visitor:
    """A user of an Airflow by the cookies that a browser would have; without any nobody has signed in.

    :param replies: all that came back.
    """

    airflow: LocalAirflow
    cookies: Mapping[str, str] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)

    @classmethod
    def signed_in(cls, airflow: LocalAirflow, login: str = LOGIN) -> Visitor:
        """Return a user who has signed in."""
        sign_in = _sign_in_2 if airflow.major == AIRFLOW_2 else _sign_in_3
        return cls(airflow, sign_in(airflow, login))

    def send(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Reply:
        """Send a request for exactly this path, below the viewer's address."""
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        connection = http.client.HTTPConnection(urlsplit(self.airflow.url).netloc, timeout=SECONDS)
        connection.request(
            method, f"/fluxions/{path}", headers={**(cookies if self.cookies else {}), **(headers or {})}
        )
        answer = connection.getresponse()
        reply = Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        connection.close()
        self.replies.append(reply)
        return reply

    def call(self, name: str, headers: Mapping[str, str] | None = None, **query: Any) -> Reply:
        """Send one of the viewer's calls."""
        return self.send(f"api/{name}?{urlencode(query)}", headers)

    def json(self, name: str, **query: Any) -> Any:
        """Return what a call tells."""
        reply = self.call(name, **query)
        assert reply.status == 200, reply
        return json.loads(reply.body)


def _sign_in_3(airflow: LocalAirflow, login: str) -> dict[str, str]:
    password = json.loads(passwords_file(airflow.home).read_text())[login]
    answer = requests.post(f"{airflow.url}/auth/token", json={"username": login, "password": password}, timeout=SECONDS)
    return {"_token": answer.json()["access_token"]}


def _sign_in_2(airflow: LocalAirflow, login: str) -> dict[str, str]:
    with requests.Session() as session:
        page = session.get(f"{airflow.url}/login/", timeout=SECONDS).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        form = {"csrf_token": token[1], "username": login, "password": PASSWORD}
        session.post(f"{airflow.url}/login/", data=form, timeout=SECONDS, allow_redirects=False)
        return dict(session.cookies)


def add_user_2(airflow: LocalAirflow, login: str, role: str, reads: tuple[str, ...] = ()) -> None:
    """Create a user of Airflow 2 with a role of their own, which may read these resources; else it must exist."""
    if reads:
        actions = [{"action": {"name": "can_read"}, "resource": {"name": name}} for name in reads]
        airflow.rest.call("POST", "/roles", {"name": role, "actions": actions})
    person = {
        "username": login,
        "password": PASSWORD,
        "first_name": login,
        "last_name": login,
        "email": f"{login}@localhost",
    }
    airflow.rest.call("POST", "/users", {**person, "roles": [{"name": role}]})
