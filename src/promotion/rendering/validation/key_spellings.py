"""How Kubernetes spells names, keys and values: why a text isn't spelt so, or an empty text.

The rules are those of k8s.io/apimachinery, pkg/util/validation/validation.go and pkg/api/validate/content.
Where versions differ, this is the loosest.
"""

from __future__ import annotations

import re

_LABEL_TEXT = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_LABEL = re.compile(_LABEL_TEXT)
_SUBDOMAIN = re.compile(rf"{_LABEL_TEXT}(?:\.{_LABEL_TEXT})*")
_KEY = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_HEADER = re.compile(r"[-A-Za-z0-9]+")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")
_ENVIRONMENT = re.compile(r"[ -<>-~]+")  # printable ASCII without `=`
_PERCENT = re.compile(r"[0-9]+%")


def find_label_fault(text: str) -> str:
    """Return why a text isn't a DNS label (RFC 1123), as the name of a namespace is."""
    if len(text) > 63:
        return "must be at most 63 characters long"
    return "" if _LABEL.fullmatch(text) else "must be small letters, digits and `-`, with no `-` at an end"


def find_subdomain_fault(text: str) -> str:
    """Return why a text isn't a DNS subdomain (RFC 1123), as most names are."""
    if len(text) > 253:
        return "must be at most 253 characters long"
    if not _SUBDOMAIN.fullmatch(text):
        return "must be small letters, digits, `-` and `.`, with a letter or digit at each end and dot"
    return ""


def find_key_fault(text: str) -> str:
    """Return why a text isn't the key of a label: a name, or a domain, `/` and a name."""
    prefix, slash, name = text.rpartition("/")
    if slash and find_subdomain_fault(prefix):
        return "must have a domain before its only `/`"
    if len(name) > 63:
        return "must have at most 63 characters" + (" after the `/`" if slash else "")
    if not _KEY.fullmatch(name):
        return "must be letters, digits, `-`, `_` and `.`, with a letter or digit at each end"
    return ""


def find_label_value_fault(text: str) -> str:
    """Return why a text isn't the value of a label."""
    if len(text) > 63:
        return "must be at most 63 characters long"
    if text and not _KEY.fullmatch(text):
        return "must be letters, digits, `-`, `_` and `.`, with a letter or digit at each end"
    return ""


def find_config_key_fault(text: str) -> str:
    """Return why a text isn't a key in a ConfigMap or Secret."""
    if len(text) > 253:
        return "must be at most 253 characters long"
    if not _CONFIG_KEY.fullmatch(text) or text == "." or text.startswith(".."):
        return "must be letters, digits, `-`, `_` and `.`, and neither `.` nor begin with `..`"
    return ""


def find_port_name_fault(text: str) -> str:
    """Return why a text isn't the name of a port. `80` as a text is none, since it has no letter."""
    if len(text) > 15 or not _PORT_NAME.fullmatch(text):
        return "must be at most 15 small letters, digits and single `-`, with a letter among them"
    return ""


def find_environment_fault(text: str) -> str:
    """Return why a text isn't the name of an environment variable, as Kubernetes since 1.34 has it."""
    return "" if _ENVIRONMENT.fullmatch(text) else "must be printable ASCII characters without `=`"


def find_header_fault(text: str) -> str:
    """Return why a text isn't the name of an HTTP header."""
    return "" if _HEADER.fullmatch(text) else "must be letters, digits and `-`"


def find_percent_fault(text: str) -> str:
    """Return why a text isn't a share."""
    return "" if _PERCENT.fullmatch(text) else "must be an integer, or a share as 25%"
