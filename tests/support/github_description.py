"""GitHub's own description of its API, as githubkit generates it from the published OpenAPI files.

The fake GitHub answers nothing, and takes nothing, that doesn't follow it.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal, Union

from githubkit_schemas.v2022_11_28 import models
from githubkit_schemas.v2022_11_28.webhooks import WebhookNamespace
from pydantic import BaseModel, TypeAdapter

from support.github_paths import DescriptionError, OperationPath

_REST = "githubkit_schemas.v2022_11_28.rest"
_MOMENT = "2026-01-31T12:00:00Z"


@dataclass(frozen=True)
class Operation(OperationPath):
    """One operation of the REST API, with the types of request and answer."""

    parameters: frozenset[str]
    request: Any
    response: Any

    def check_request(self, query: Mapping[str, str], body: Any) -> None:
        """Refuse query parameters and bodies that GitHub doesn't know."""
        if unknown := query.keys() - self.parameters:
            raise DescriptionError(f"{self.name} knows no parameter {', '.join(sorted(unknown))}")
        if (self.request is None) != (body is None):
            raise DescriptionError(f"{self.name} takes {'no' if self.request is None else 'a'} body")
        if body is not None:
            check(self.request, body, self.name)

    def complete(self, data: Any) -> Any:
        """An answer with all that GitHub always gives; None where it answers with no document."""
        if self.response is None:
            return None
        data = fill(self.response, data)
        check(self.response, data, self.name)
        return data


@cache
def operation(group: str, method: str) -> Operation:
    """An operation by githubkit's names, as `operation("repos", "compare_commits")`."""
    client = getattr(import_module(f"{_REST}.{group}"), f"{group.title().replace('_', '')}Client")
    source = textwrap.dedent(inspect.getsource(getattr(client, method)))
    found = re.search(r"^\s+(GET|POST|PUT|PATCH|DELETE) (/\S+)$", source, re.MULTILINE)
    assert found, f"{group}.{method} has no path"
    tree = ast.parse(source)
    response = next(
        (
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.keyword) and node.arg == "response_model"
        ),
        None,
    )
    request = next((call.args[0] for call in ast.walk(tree) if _validates_body(call)), None)
    parameters = next((node.value for node in ast.walk(tree) if _is_assignment(node, "params")), None)
    names = ast.literal_eval(ast.List(elts=parameters.keys)) if parameters else []
    return Operation(
        f"{group}.{method}", *found.groups(), frozenset(names), _evaluate(request), _evaluate(response)
    )


def _validates_body(node: ast.AST) -> bool:
    """Whether this is `type_validate_python(Model, json)`."""
    return (
        isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "type_validate_python"
        and getattr(node.args[1], "id", "") == "json"
    )


def _is_assignment(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name


def _evaluate(expression: Any) -> Any:
    if expression is None:
        return None
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    known = {"list": list, "Union": Union, "Literal": Literal, "str": str, "dict": dict, "Any": Any}
    space = {name: known[name] if name in known else getattr(models, name) for name in names}
    return eval(compile(ast.Expression(expression), "githubkit", "eval"), space)  # noqa: S307  its own code


def check(model: Any, data: Any, name: str) -> None:
    """Refuse data that isn't of the model: wrong types, missing fields, fields that it doesn't have."""
    try:
        value = _adapter(model).validate_json(json.dumps(data), strict=True)
    except ValueError as error:
        raise DescriptionError(f"{name}: {error}") from None
    if unknown := list(_unknown(data, value, name)):
        raise DescriptionError(f"GitHub knows no {', '.join(unknown)}")


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _unknown(data: Any, value: Any, path: str) -> Any:
    if isinstance(data, list) and isinstance(value, list):
        for entry, part in zip(data, value, strict=True):
            yield from _unknown(entry, part, f"{path}[]")
    elif isinstance(data, dict) and isinstance(value, BaseModel):
        fields = {field.alias or name: name for name, field in type(value).model_fields.items()}
        for key, entry in data.items():
            if key in fields:
                yield from _unknown(entry, getattr(value, fields[key]), f"{path}.{key}")
            elif value.model_config.get("extra") != "allow":
                yield f"{path}.{key}"


def check_error(data: Any) -> None:
    """Refuse an error that isn't as GitHub words one, and a refusal of single fields."""
    check(models.ValidationError if "errors" in data else models.BasicError, data, "error")


def check_event(name: str, payload: Mapping[str, Any]) -> None:
    """Refuse an event payload that isn't as GitHub's webhook schemas say."""
    try:
        WebhookNamespace.parse_obj(name, payload)  # type: ignore[call-overload]
    except ValueError as error:
        raise DescriptionError(f"event {name}: {error}") from None


def fill(model: Any, data: Any) -> Any:
    """The data, with the simplest value for every field that GitHub always gives and `data` doesn't."""
    if isinstance(data, list):
        return [fill(_argument(model), entry) for entry in data]
    chosen = _model(model, data)
    if not isinstance(data, Mapping) or chosen is None:
        return data
    filled = dict(data)
    for name, field in chosen.model_fields.items():
        key = field.alias or name
        if key in filled:
            filled[key] = fill(field.annotation, filled[key])
        elif field.is_required():
            filled[key] = _simplest(field.annotation)
    return filled


def _model(annotation: Any, data: Any) -> type[BaseModel] | None:
    """The model that an annotation means for these data."""
    options = [part for part in _options(annotation) if inspect.isclass(part) and issubclass(part, BaseModel)]
    if not isinstance(data, Mapping) or not options:
        return None
    # Of several, the one that knows most of what is given, as the tagged `type` of rules and bypasses.
    return max(options, key=lambda option: _likeness(option, data))


def _likeness(model: type[BaseModel], data: Mapping[str, Any]) -> int:
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    clashes = sum(
        1
        for key, field in fields.items()
        if key in data and (values := _literals(field.annotation)) and data[key] not in values
    )
    return sum(key in fields for key in data) - 100 * clashes


def _options(annotation: Any) -> Sequence[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _options(typing.get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [option for part in typing.get_args(annotation) for option in _options(part)]
    return [annotation]


def _literals(annotation: Any) -> Sequence[Any]:
    return [
        value
        for part in _options(annotation)
        if typing.get_origin(part) is Literal
        for value in typing.get_args(part)
    ]


def _argument(annotation: Any) -> Any:
    lists = [part for part in _options(annotation) if typing.get_origin(part) is list]
    return typing.get_args(lists[0])[0] if lists else Any


def _simplest(annotation: Any) -> Any:
    options = _options(annotation)
    if type(None) in options:
        return None
    first = options[0]
    origin = typing.get_origin(first)
    if origin is Literal:
        return typing.get_args(first)[0]
    if origin is list:
        return []
    if origin is dict:
        return {}
    if inspect.isclass(first) and issubclass(first, BaseModel):
        return fill(first, {})
    simple: dict[Any, Any] = {str: "", int: 0, bool: False, float: 0.0, Any: None}
    return simple.get(first, _MOMENT if "datetime" in str(first) else {})
