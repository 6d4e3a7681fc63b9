from __future__ import annotations

import pytest

from promotion.rendering.charts.helm_refusals import without_values

WHERE = 'template: cat/templates/s.yaml:5:8: executing "cat/templates/s.yaml" at <tpl .Values.x .>: '


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("yaml: unknown anchor 'hunter2' referenced", "yaml: unknown anchor referenced"),
        ('yaml: invalid map key: map[interface {}]interface {}{"hunter2":1}', "yaml: invalid map key"),
        ("yaml: cannot decode !!str `hunter2` as a !!int", "yaml: cannot decode !!str as a !!int"),
        (f"{WHERE}range can't iterate over hunter2\nhunter2", f"{WHERE}range can't iterate over this value"),
        (
            f'{WHERE}error calling tpl: cannot parse template "a \\"hunter2": template: gotpl:1: bad',
            f"{WHERE}error calling tpl: cannot parse template …: template: gotpl:1: bad",
        ),
        (
            f"{WHERE}error calling mustRegexMatch: error parsing regexp: missing closing ): `(hunter2`",
            f"{WHERE}error calling mustRegexMatch: error parsing regexp: missing closing ): …",
        ),
        (
            "- at '/pw': 'hunt\\'er2' does not match pattern '^a$'",
            "- at '/pw': the value does not match pattern '^a$'",
        ),
        ("- at '/m': 'hunter2' is not valid email: no 'hunter2'", "- at '/m': the value is not valid email"),
        (
            "warning: cannot overwrite table with non table for cat.auth (map[password:hunter2])",
            "warning: cannot overwrite table with non table for cat.auth",
        ),
    ],
)
def test_values_are_left_out(words: str, shown: str) -> None:
    assert without_values(words) == shown


@pytest.mark.parametrize(
    "words",
    [
        f'{WHERE}error calling include: {WHERE}error calling include: no template "labels" associated with '
        'template "gotpl"',
        'execution error at (cat/templates/s.yaml:1:3): set "image.tag"',
        f"{WHERE}nil pointer evaluating interface {{}}.name",
        "YAML parse error on cat/templates/s.yaml: yaml: line 3: did not find expected ',' or ']'",
        "- at '/replicas': got string, want integer",
        "- at '': missing property 'image'",
        'error converting YAML to JSON: yaml: line 3: key "a" already set in map',
    ],
)
def test_names_and_places_stay(words: str) -> None:
    assert without_values(words) == words
