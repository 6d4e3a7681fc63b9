"""Formats of single values: those of the API of Kubernetes, of custom resources' schemas, and ours.

What a CustomResourceDefinition's `format` means: pkg/apiserver/validation/formats.go of
apiextensions-apiserver, and pkg/validation/strfmt of kube-openapi. A format that isn't here isn't judged.
Each here takes at least what the server takes.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping

from promotion.common.yaml.scalars import Plain
from promotion.rendering.validation import key_spellings as spellings

# k8s.io/apimachinery: pkg/api/resource/quantity.go
QUANTITY = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_GO_DURATION = re.compile(r"[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
_SCALA_DURATION = re.compile(r"\s*(\d+\s*[A-Za-zµ]+\s*)+", re.ASCII)
_SCALA_UNIT = re.compile(
    r"\d\s*(ns|nano|us|µs|micro|ms|milli|s|sec|m|min|h|hr|hour|d|day|w|wk|week)", re.ASCII | re.IGNORECASE
)
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:|/|\*$).*", re.DOTALL)
_ZEROS = re.compile(r"(^|\.)0+(?=\d)")  # kinds that are built in take zeros before a number
_HARDWARE = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2})+|[0-9a-f]{4}(\.[0-9a-f]{4})+", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


def find_format_fault(value: Plain, name: str) -> str:
    """Return why a value doesn't have a format; empty if it has, or if the format isn't known."""
    return _FORMATS[name](value) if name in _FORMATS else ""


def choose_format(name: str, kind: str) -> str:
    """Return the format that a CustomResourceDefinition names, as it is called here; empty if it says
    nothing.

    Formats of numbers and integers aren't judged by the server: SchemaValidator.numberValidator of
    kube-openapi isn't told of them.
    """
    found = _CUSTOM.get(name.replace("-", "")) if kind in ("", "string") else None
    return found or ""


def _is_base64(text: str) -> bool:
    """Judge as Go reads bytes from JSON: line breaks are nothing."""
    try:
        base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    try:
        return bool(found and datetime.date(int(found[1]), int(found[2]), int(found[3])))
    except ValueError:
        return False


def _is_duration(text: str) -> bool:
    """Judge as Go's time.ParseDuration, or as Scala (strfmt: duration.go)."""
    if _GO_DURATION.fullmatch(text):
        return True
    return bool(_SCALA_DURATION.fullmatch(text) and _SCALA_UNIT.search(text))


def _is_ip(version: str) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            ipaddress.ip_address(_ZEROS.sub(r"\1", text))
        except ValueError:
            return False
        return version in text

    return check


def _is_cidr(text: str) -> bool:
    try:
        ipaddress.ip_interface(_ZEROS.sub(r"\1", text))
    except ValueError:
        return False
    return "/" in text


def _is_address(text: str) -> bool:
    """Judge as Go's url.ParseRequestURI begins: a scheme or a path."""
    return bool(_ADDRESS.fullmatch(text)) and not any(
        ord(letter) < 32 or ord(letter) == 127 for letter in text
    )


def _is_mail(text: str) -> bool:
    before, at, after = text.rpartition("@")
    return bool(at and before.strip() and after.strip())


def _is_host(text: str) -> bool:
    parts = text.split(".")
    return len(text) <= 255 and all(
        0 < len(part) <= 63 and part[0] != "-" != part[-1] and all(map(_is_in_host, part)) for part in parts
    )


def _is_in_host(letter: str) -> bool:
    return letter == "-" or letter in "0123456789" or unicodedata.category(letter)[0] in "LS"


def _texts(problem: str, is_good: Callable[[str], object]) -> Callable[[Plain], str]:
    """Return the test of a text, which gives the problem of one that isn't good."""
    return lambda value: "" if is_good(str(value)) else problem


def _spelt(find: Callable[[str], str]) -> Callable[[Plain], str]:
    """Return the test of a text that may be empty, which counts as not there."""
    return lambda value: find(value) if isinstance(value, str) and value else ""


def _find_bits_fault(bits: int) -> Callable[[Plain], str]:
    def find(value: Plain) -> str:
        is_good = not isinstance(value, int | float) or -(2 ** (bits - 1)) <= value < 2 ** (bits - 1)
        return "" if is_good else f"must be an integer of {bits} bits"

    return find


def _find_port_fault(lowest: int) -> Callable[[Plain], str]:
    """Return the test of a port's number, or of the name of one."""

    def find(value: Plain) -> str:
        if isinstance(value, str):
            return spellings.find_port_name_fault(value) if value or lowest else ""
        is_good = value is not None and lowest <= value <= 65535
        return "" if is_good else f"must be between {lowest} and 65535"

    return find


def _find_share_fault(value: Plain) -> str:
    if isinstance(value, str):
        return spellings.find_percent_fault(value)
    return "" if value is None or value >= 0 else "must be at least 0"


_FORMATS: Mapping[str, Callable[[Plain], str]] = {
    "byte": _texts("must be base64", _is_base64),
    "date-time": _texts("must be a time, as 2026-01-31T12:00:00Z", _TIME.fullmatch),
    "quantity": lambda value: (
        "must be a quantity, as 100m or 1.5Gi"
        if isinstance(value, str) and not QUANTITY.fullmatch(value)
        else ""
    ),
    "int32": _find_bits_fault(32),
    "int64": _find_bits_fault(64),
    "date": _texts("must be a date, as 2026-01-31", _is_date),
    "duration": _texts("must be a duration, as 1h30m", _is_duration),
    "ipv4": _texts("must be an IPv4 address", _is_ip(".")),
    "ipv6": _texts("must be an IPv6 address", _is_ip(":")),
    "cidr": _texts("must be a range of addresses, as 10.0.0.0/8", _is_cidr),
    "uri": _texts("must be a web address or an absolute path", _is_address),
    "email": _texts("must be a mail address", _is_mail),
    "hostname": _texts("must be the name of a host", _is_host),
    "mac": _texts("must be a hardware address, as 00:00:5e:00:53:01", _HARDWARE.fullmatch),
    "uuid": _texts("must be a UUID", _UUID.fullmatch),
    # What the published schemas don't say: see `promotion.rendering.validation.kinds.limit_rules`.
    "ip": _spelt(lambda text: "" if _is_ip("")(text) else "must be an IP address"),
    "cidr-or-empty": _spelt(lambda text: "" if _is_cidr(text) else "must be a range, as 10.0.0.0/8"),
    "label": _spelt(spellings.find_label_fault),
    "subdomain": _spelt(spellings.find_subdomain_fault),
    "key": _spelt(spellings.find_key_fault),
    "config-key": _spelt(spellings.find_config_key_fault),
    "environment": _spelt(spellings.find_environment_fault),
    "header": _spelt(spellings.find_header_fault),
    "port-name": _spelt(spellings.find_port_name_fault),
    "port": _find_port_fault(1),
    "port-or-none": _find_port_fault(0),
    "share": _find_share_fault,
}
_CUSTOM = {
    **dict.fromkeys(("uuid3", "uuid4", "uuid5"), "uuid"),
    **{name: name for name in ("byte", "quantity", "date", "duration", "ipv4", "ipv6", "cidr", "uri")},
    **{name: name for name in ("email", "hostname", "mac", "uuid")},
    "datetime": "date-time",
}
