from __future__ import annotations

import pytest

from promotion.edges.web.web_address import display, is_excepted, nearness, origin, split_credentials
from promotion.errors import SourceError


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://charts.example/a", "https://charts.example/a"),
        ("https://user:pass@charts.example/a", "https://charts.example/a"),
        ("https://us@er:p@ss@charts.example/a@b", "https://charts.example/a@b"),
        ("https://charts.example/a?token=s3cret#part", "https://charts.example/a?…"),
        ("https://charts.example#s3cret", "https://charts.example"),
        ("nonsense", "nonsense"),
    ],
)
def test_no_secret_is_shown(url: str, shown: str) -> None:
    assert display(url) == shown


@pytest.mark.parametrize(
    ("url", "address", "credentials"),
    [
        ("https://h/a?b#c", "https://h/a?b", ""),
        ("https://user:p%40ss@h:8443/a", "https://h:8443/a", "user:p@ss"),
        ("http://token@h", "http://h", "token"),
    ],
)
def test_credentials_are_taken_out(url: str, address: str, credentials: str) -> None:
    assert split_credentials(url) == (address, credentials)


@pytest.mark.parametrize(
    "url", ["", "h/a", "file:///a", "https://", "https://h:port/", "https://[::1", "https:/h"]
)
def test_what_is_no_web_address(url: str) -> None:
    with pytest.raises(SourceError, match="isn't a web address"):
        split_credentials(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hun/ter2@h/a",
        "https://me:hun?ter2@h/a",
        "https://me:hun\nter2@h:x/a",
        "https:/me:hunter2@h/a",
        "me:hunter2@h:a",
        "https://me:hunter2\uff20h/a",
    ],
)
def test_what_is_no_web_address_shows_no_password(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        split_credentials(url)
    assert "ter2" not in str(caught.value)


def test_origin_knows_the_usual_ports() -> None:
    assert origin("https://H/a") == origin("https://h:443/b") != origin("http://h/a")


@pytest.mark.parametrize(
    ("addresses", "level"),
    [
        ("93.184.216.34 2606:2800:220:1::1 ::ffff:8.8.8.8 64:ff9b::808:808 ::8.8.8.8", 0),
        ("10.0.0.1 172.16.0.1 192.168.1.1 fd00::1 100.64.0.1 ::ffff:10.0.0.1 64:ff9b::a00:1", 1),
        ("::10.0.0.1 ::ffff:0:10.0.0.1 64:ff9b:1::a00:1 2002:a00:1:: 192.0.0.8 198.18.0.1 0.1.2.3", 1),
        ("224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 ff02::1 ff0e::1 fec0::1 2001::1 4000::1", 1),
        ("127.0.0.1 127.9.9.9 ::1 0.0.0.0 :: ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b:1::7f00:1", 2),
        ("169.254.169.254 fe80::1 fe80::1%eth0 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe", 3),
        ("64:ff9b:1::a9fe:a9fe 2002:a9fe:a9fe:: fd00:ec2::254 fd20:ce::254 168.63.129.16", 3),
    ],
)
def test_how_near_an_address_is(addresses: str, level: int) -> None:
    assert [nearness(address) for address in addresses.split()] == [level] * len(addresses.split())


@pytest.mark.parametrize(
    ("names", "excepted"),
    [
        ("h.example.org", True),
        ("example.org", True),
        (".example.org", True),
        ("other, h.example.org:443", True),
        ("*", True),
        ("*.example.org", True),
        ("*.example.org:443", True),
        (".example.org:443", True),
        ("EXAMPLE.org.", True),
        ("other h.example.org", True),
        ("other\th.example.org\n", True),
        ("*.h.example.org.uk", False),
        ("*.org.example", False),
        ("*example.org", False),  # neither curl nor Go
        ("*.", False),
        (".", False),
        (":443", False),
        ("ample.org", False),
        ("h.example.org:80", False),
        ("", False),
        (" , ", False),
    ],
)
def test_hosts_without_proxy(names: str, excepted: bool) -> None:
    assert is_excepted("https://H.example.org/a", names) is excepted


@pytest.mark.parametrize(
    ("names", "excepted"), [("10.0.0.0/8", True), ("10.1.2.3", True), ("11.0.0.0/8", False)]
)
def test_networks_without_proxy(names: str, excepted: bool) -> None:
    assert is_excepted("http://10.1.2.3:8080/a", names) is excepted


@pytest.mark.parametrize(
    ("names", "excepted"),
    [
        ("2001:db8::1", True),
        ("[2001:db8::1]", True),
        ("[2001:DB8:0::1]:8080", True),
        ("2001:db8::/32", True),
        ("[2001:db8::1]:80", False),
        ("[2001:db8::2]", False),
        ("[", False),
    ],
)
def test_addresses_of_six_without_proxy(names: str, excepted: bool) -> None:
    assert is_excepted("http://[2001:db8::1]:8080/a", names) is excepted


def test_the_dot_that_ends_a_host_does_not_count() -> None:
    assert is_excepted("https://h.example.org./a", "example.org")
