"""In a company's network: a proxy that alone knows the names, and servers whose certificates are its own.

The whole program meets them: git in this process and the git program, charts and registries, manifests,
GitHub's API. One variable is enough for all of them, whichever it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import registry
from support.charts import write_repository
from support.estate import SOURCES, Estate, Finished
from support.github_mirror import MirroredRepository
from support.github_server import FakeGitHub
from support.gitserver import GitServer
from support.terminal_program import start
from support.tunnel import DOMAIN, encrypt, make_authority, open_proxy
from support.webserver import WebServer, serve

pytestmark = pytest.mark.siege

LEGACY = Path(__file__).parents[1] / "charts" / "legacy"
FILES = ["GIT_SSL_CAINFO", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
OURS, GITS = "git/2-gitops-promotion", "git/"


class NamedServer(GitServer):
    """A git server that is known by another name."""

    name = "127.0.0.1"

    @property
    def url(self) -> str:
        return super().url.replace("127.0.0.1", self.name)


class Company:
    """Its servers, all with TLS; by their names, or by the machine's address if there is no domain."""

    def __init__(self, folder: Path, domain: str = "") -> None:
        self.folder, self.domain = folder, domain
        self.authority, self.certificate = make_authority(folder)
        self.stack = contextlib.ExitStack()

    def host(self, name: str) -> str:
        return f"{name}.{self.domain}" if self.domain else "127.0.0.1"

    def __enter__(self) -> Company:
        enter = self.stack.enter_context
        write_repository(self.folder / "site/charts", [("shop", "1.0.0")])
        self.server = enter(NamedServer(self.folder / "server", certificate=self.certificate))
        self.server.name = self.host("git")
        self.site: WebServer = enter(serve(self.folder / "site", self.certificate))
        self.site.answer("/x.yaml", b"kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\n")
        self.charts = enter(registry.serve())
        self.charts.add("charts/legacy", "1.0.0", registry.pack(LEGACY))
        self.github = enter(FakeGitHub())
        ports = [int(host.rpartition(":")[2]) for host in (self.charts.host, self.github.url)]
        charts, api = (enter(encrypt(port, self.certificate)) for port in ports)
        self.estate = Estate(self.server, self.folder / "steps", api_url=f"https://{self.host('git')}:{api}")
        for name in SOURCES:
            self.github.add(MirroredRepository(f"acme/{name}", self.estate.repository(name)))
        site = f"https://{self.host('files')}:{self.site.port}"
        parts = [
            f"{{name: shop, type: helm, method: helm, source: '{site}/charts', path: shop}}",
            f"{{name: web, type: static, method: http, source: '{site}/x.yaml'}}",
        ]
        if self.domain:  # that of this machine speaks no TLS
            source = f"oci://{self.host('charts')}:{charts}/charts"
            parts.append(f"{{name: legacy, type: helm, method: helm, source: '{source}', path: legacy}}")
        hld = self.estate.repository("cluster-hld")
        text = "".join(f"  - {part}\n" for part in parts)
        hld.commit({"component.yaml": f"{hld.read('component.yaml')}\n{text}"})
        for mirror in self.github.repositories.values():
            assert isinstance(mirror, MirroredRepository)
            mirror.refresh()
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def run(self, **variables: str) -> Finished:
        return self.estate.run(self.estate.push_event("cluster-hld", secrets="allow"), **variables)

    def check(self, done: Finished) -> None:
        """All of them were asked, and nothing was left out with a warning."""
        assert done.code == 0, done.log
        assert done.step.outputs["components"] == ("8" if self.domain else "7")
        agents = {request.agent for request in self.server.requests}
        assert OURS in agents, "in this process"
        assert any(agent.startswith(GITS) and agent != OURS for agent in agents), "the git program"
        assert {"/charts/index.yaml", "/x.yaml"} <= set(self.site.paths())
        assert self.github.count("repos.create_deployment") > 0, done.log
        assert bool(self.charts.asked) == bool(self.domain)
        assert "doesn't answer" not in done.log


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with Company(tmp_path_factory.mktemp("company")) as made:
        yield made


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with Company(tmp_path_factory.mktemp("named"), DOMAIN) as made:
        yield made


def forget(company: Company) -> None:
    """As if nothing had happened yet."""
    company.server.requests.clear()
    company.site.asked.clear()
    company.github.seen.clear()
    company.charts.asked.clear()
    company.estate.manifests.git("update-ref", "-d", "refs/heads/dev")


class TestAuthorities:
    @pytest.mark.parametrize("variable", [*FILES, "SSL_CERT_DIR", "GIT_SSL_CAPATH"])
    def test_one_variable_is_enough_for_all(self, company: Company, variable: str) -> None:
        forget(company)
        path = company.authority
        if variable not in FILES:
            path = company.folder / "authorities"
            path.mkdir(exist_ok=True)
            (path / "pets.crt").write_bytes(company.authority.read_bytes())
            (path / "README").write_text("not one")
        company.check(company.run(**{variable: str(path)}))

    def test_several_count_together(self, company: Company, tmp_path: Path) -> None:
        forget(company)
        other, _ = make_authority(tmp_path)
        files = {"GIT_SSL_CAINFO": str(other), "REQUESTS_CA_BUNDLE": str(company.authority)}
        company.check(company.run(**files, TMPDIR=str(tmp_path)))
        assert not [path for path in tmp_path.iterdir() if path.is_dir()], "the joint file is gone"

    def test_without_any_each_says_what_to_set(self, company: Company) -> None:
        forget(company)
        done = company.run()
        assert done.code == 1
        assert "a certificate that isn't trusted" in done.log
        assert "SSL_CERT_FILE" in done.log

    @pytest.mark.parametrize(
        ("content", "words"), [(None, "can't be read: No such file"), ("nothing", "holds no certificate")]
    )
    def test_a_file_that_is_none(
        self, company: Company, tmp_path: Path, content: str | None, words: str
    ) -> None:
        path = tmp_path / "authority.pem"
        if content is not None:
            path.write_text(content)
        done = start(
            company.estate, "status", "--manifest-repository", "acme/x", REQUESTS_CA_BUNDLE=str(path)
        )
        assert done.returncode == 2
        assert "REQUESTS_CA_BUNDLE names" in done.stderr
        assert words in done.stderr


class TestProxies:
    @pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
    def test_one_variable_is_enough_for_all(self, named: Company, variable: str) -> None:
        forget(named)
        with open_proxy() as (address, asked):
            done = named.run(**{variable: f"http://{address}", "SSL_CERT_FILE": str(named.authority)})
        named.check(done)
        assert {text.partition(":")[0] for text in asked} == {
            f"CONNECT {name}.{DOMAIN}" for name in ("git", "files", "charts")
        }

    def test_with_a_password(self, named: Company) -> None:
        forget(named)
        with open_proxy("me:pa/ss word") as (address, asked):
            proxy = f"http://me:pa%2Fss%20word@{address}"
            named.check(named.run(HTTPS_PROXY=proxy, SSL_CERT_FILE=str(named.authority)))
            assert asked
            done = named.run(HTTPS_PROXY=proxy.replace("pa%2F", "no"), SSL_CERT_FILE=str(named.authority))
        assert done.code == 1
        shown = "\n".join(line for line in done.log.splitlines() if not line.startswith("::add-mask::"))
        assert "noss" not in shown

    @pytest.mark.parametrize("names", ["127.0.0.0/8", "127.0.0.1", "*", "example.org, 127.0.0.1"])
    @pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
    def test_what_is_excepted_is_excepted_for_all(self, company: Company, variable: str, names: str) -> None:
        """Also networks, which older versions of curl don't know."""
        forget(company)
        dead = {"https_proxy": "http://127.0.0.1:1", variable: names}
        company.check(company.run(**dead, SSL_CERT_FILE=str(company.authority)))
