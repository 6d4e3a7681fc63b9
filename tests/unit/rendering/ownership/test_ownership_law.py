"""No escape and no false alarm: the judge and an independent oracle agree on random manifests."""

from __future__ import annotations

import json
import os
from random import Random

import pytest

from promotion.errors import Location
from promotion.rendering.ownership.breach import Suspect
from promotion.rendering.ownership.ownership_file import parse_ownership
from promotion.rendering.ownership.ownership_judge import judge_resource
from promotion.rendering.ownership.part_rules import OWNERSHIP_FILE
from promotion.rendering.ownership.resource_heads import read_heads
from support.ownership_oracle import Oracle
from support.random_manifests import SCOPES, make_resource, pick_entry, wrap, write

_SCOPES = {(name.partition("/")[0], name.partition("/")[2]): scope for name, scope in SCOPES.items()}


def check(seed: int) -> bool:
    """Compare one manifest; returns whether it was refused."""
    random = Random(seed)  # noqa: S311
    entry = pick_entry(random)
    data = json.dumps({"cats": entry}).encode()
    rule = parse_ownership(data, Location(OWNERSHIP_FILE)).find("cats")
    assert rule is not None
    document = wrap(random, [make_resource(random) for _ in range(random.randrange(1, 4))])
    text, others = write(random, document)
    found = [
        breach
        for head in read_heads(text.encode())
        for breach in judge_resource(Suspect(part="cats", rule=rule, head=head), _SCOPES)
    ]
    oracle = Oracle(entry, "cats", SCOPES)
    refused = others is None or any(oracle.refuses(one) for one in (document, *others))
    assert bool(found) == refused, f"seed {seed}: {entry}\n{text}\noracle: {refused}, found: {found}"
    return refused


def test_some_thousand_random_manifests() -> None:
    refused = sum(check(seed) for seed in range(1500))
    assert 300 < refused < 1400  # both happen often


@pytest.mark.siege
def test_many_random_manifests() -> None:
    """`make ownership-siege` takes a million of them; OWNERSHIP_CASES=first:last."""
    first, _, last = os.environ.get("OWNERSHIP_CASES", "10000:40000").partition(":")
    for seed in range(int(first), int(last)):
        check(seed)
