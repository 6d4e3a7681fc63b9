from __future__ import annotations

import pytest

from promotion.rendering.charts.nondeterminism import compare_renderings, find_functions, list_differences

SECRET = """\
---
# Source: shop/templates/secret.yaml
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: cats}
stringData:
  user: shop
  password: PASSWORD
"""
CONFIG = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME}\n"


@pytest.mark.parametrize(
    ("template", "functions"),
    [
        ("password: {{ randAlphaNum 16 | quote }}", {"randAlphaNum"}),
        ("{{- $ca := genCA .Values.name 365 -}}", {"genCA"}),
        ("at: {{ now | date `2006` }}", {"now", "date"}),
        ("id: {{ (uuidv4) }}", {"uuidv4"}),
        ("{{ htpasswd .Values.user (randAscii 8) }}", {"htpasswd", "randAscii"}),
        ("{{ keys .Values.a | first }}", {"keys"}),
        ("{{ .Values.now }} {{ $now }} {{ nowhere }}", set()),
        ('{{/* now */}}{{ .Values.a | default "now" }} now', set()),
        ("randAlphaNum is a function", set()),
    ],
)
def test_functions_of_chance_and_time(template: str, functions: set[str]) -> None:
    assert find_functions(template) == functions


def test_equal_manifests_do_not_differ() -> None:
    assert not compare_renderings(SECRET.encode(), SECRET.encode())


def test_a_difference_names_the_field_and_the_template_and_no_value() -> None:
    one, two = (SECRET.replace("PASSWORD", word).encode() for word in ("hunter1", "hunter2"))
    text = list_differences(compare_renderings(CONFIG.encode() + one, CONFIG.encode() + two))
    assert text == "Secret cats/db at stringData.password (shop/templates/secret.yaml)"


def test_resources_that_come_and_go() -> None:
    one, two = (SECRET + CONFIG.replace("NAME", name) for name in ("a-1", "a-2"))
    [difference] = compare_renderings(one.encode(), two.encode())
    assert (difference.resource, difference.fields) == ("ConfigMap a-1", ())


def test_many_differences_are_counted() -> None:
    one, two = (
        "".join(CONFIG.replace("NAME", f"a-{number}") + f"data: {{x: {word}}}\n" for number in range(8))
        for word in ("y", "z")
    )
    assert list_differences(compare_renderings(one.encode(), two.encode())).endswith(
        "ConfigMap a-4 at data.x, and 3 more"
    )


def test_keys_that_come_and_go() -> None:
    one, two = (CONFIG.replace("NAME", "a") + f"data: {{{key}: x}}\n" for key in ("b", "c"))
    assert list_differences(compare_renderings(one.encode(), two.encode())) == "ConfigMap a at data.b, data.c"
