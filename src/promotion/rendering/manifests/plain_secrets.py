"""Kubernetes Secrets whose values can be read in a manifest, and who may have them there."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence

import yaml

from promotion.common.branch_patterns import matches
from promotion.common.lazy_dataclass import dataclass
from promotion.common.phrases import Phrase, say
from promotion.common.text import line, list_some
from promotion.common.yaml.quick_composer import compose_all
from promotion.common.yaml.yaml_nodes import all_in_any_case, decode_binaries, get, pairs, text_at, texts_at
from promotion.errors import DefinitionError, Location
from promotion.rendering.lock.value_origins import describe_line
from promotion.rendering.manifests.cluster_findings import ClusterFinding
from promotion.rendering.manifests.resources import split_documents
from promotion.rendering.model import RenderedComponent

_FIELDS = ("data", "stringdata")
_FIX = "Put a SealedSecret, an ExternalSecret or one that SOPS encrypted in its place"
_NAMED = 10  # keys that are named of one Secret
# Without one of these no `kind` can be `Secret`, whoever reads it. Escapes may stand for its letters, and at
# the end of a line (YAML 1.1 has six) for nothing between them; a tag may say that it is base64, itself with
# `%62` for a letter, or by a handle that a directive defines; a NUL may be half of a letter. Most documents
# that say `secret` only refer to one, and needn't be read.
_SUSPECT = re.compile(
    r"(?<![\w./-])secret(?:list)?\b(?![ \t]*:|[\w/.-])|\\[xu\r\n\x85\u2028\u2029]"
    r"|![^\s]*(?:binary|%)|%TAG|\0",
    re.IGNORECASE,
)
# An alias may take the word from where it stands for something else: `{&word Secret: x}`, `kind: *word`.
_WORD = re.compile(r"\bsecret(?:list)?\b", re.IGNORECASE)
_ALIAS = re.compile(r"(?:^|[\s,\[{:?-])\*[^\s,\[\]{}]")
_STR, _NULL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"
_NOTHING = ("", "~", "null")
_SOURCE = re.compile(r"^# Source: (.+?)\s*$", re.MULTILINE)
# As SOPS writes a value (getsops/sops: aes/cipher.go).
_ENCRYPTED = re.compile(r"ENC\[AES256_GCM,data:[^,\]]+,iv:[^,\]]+,tag:[^,\]]+,type:[a-z]+\]")
# A value that stands for one that is kept elsewhere: Flux's substitution (without a default), Argo CD's
# vault plug-in, Bank-Vaults, vals.
_REFERENCE = re.compile(r"\$\{\w+\}|<path:[^<>#]+#[^<>]+>|(?:>>)?vault:[^\s#]+#\S+|ref\+\w+://\S+")


@dataclass(frozen=True, kw_only=True)
class PlainSecret:
    """A Secret that holds readable values: which keys do, and the template that printed it, if it says so."""

    namespace: str
    name: str
    keys: tuple[str, ...]
    template: str = ""

    def __str__(self) -> str:
        """Name it without a value: `the Secret pets/db (key password; from cat/templates/secret.yaml)`."""
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        keys = f"{'key' if len(self.keys) == 1 else 'keys'} {list_some(self.keys, _NAMED)}"
        source = f"; from {self.template}" if self.template else ""
        return line(f"the Secret {place} ({keys}{source})")

    @property
    def pattern(self) -> str:
        """What an allow-list names it by. Without a namespace it lands in one that we don't know."""
        return line(f"{self.namespace or '*'}/{self.name}")


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A document that might be a Secret, for nobody can tell: where it begins to be no YAML, and why."""

    line: int
    problem: str


def find_secrets(manifest: bytes) -> list[PlainSecret | Unreadable]:
    """Return the Secrets in a manifest that hold a value in plain text (base64 is plain), at any depth.

    Fine are values that are empty, that SOPS encrypted or that refer to another store. A document that isn't
    YAML for us may be some for another reader.
    """
    found: list[PlainSecret | Unreadable] = []
    if not any(sign in manifest for sign in (b"\\", b"!", b"\0")) and b"secret" not in manifest.lower():
        return found  # quick, for this is most of a cluster
    try:
        text = manifest.decode("utf-8")
    except UnicodeDecodeError as error:
        line_number = manifest.count(b"\n", 0, error.start) + 1
        return [Unreadable(line=line_number, problem="this isn't UTF-8")]
    above = 0
    for document in split_documents(text):
        if _is_suspect(document):
            source = _SOURCE.search(document)
            found += _find(document, source[1] if source else "", above)
        above += document.count("\n")
    return found


def _is_suspect(document: str) -> bool:
    if _SUSPECT.search(document):
        return True
    return bool(_WORD.search(document) and _ALIAS.search(document))


def is_allowed(secret: PlainSecret, patterns: Iterable[str]) -> bool:
    """Return whether one of the patterns of an allow-list (`namespace/name`) is for this Secret."""
    return any(matches(pattern, f"{secret.namespace}/{secret.name}") for pattern in patterns)


def judge_secrets(
    components: Iterable[RenderedComponent], allowed: Sequence[str]
) -> Iterator[ClusterFinding]:
    """Yield a finding for each Secret in plain text that no pattern of the allow-list is for.

    And for each document that can't be read, which nobody can allow.
    """
    for part in components:
        for secret in find_secrets(part.manifest):
            if isinstance(secret, Unreadable):
                place = describe_line(part.origins, part.path, secret.line)
                what = f"{place} can't be read, so a Secret may be there"
                yield ClusterFinding(
                    component=part.label,
                    path=part.path,
                    what=f"{what}: {secret.problem}",
                    fix="Correct the file or template that it comes from.",
                )
            elif not is_allowed(secret, allowed):
                what = f"{secret} is in plain text"
                pattern = secret.pattern
                allow = Phrase(f"allowed-secrets: {pattern}", f"`--allowed-secrets {pattern}`")
                fix = say("{}, or name it in {}.", _FIX, allow)
                yield ClusterFinding(component=part.label, path=part.path, what=what, fix=fix)


def _find(text: str, template: str, above: int) -> Iterator[PlainSecret | Unreadable]:
    """Look through one document; `above` are the lines before it."""
    try:
        documents = compose_all(text, Location("manifest"))
    except DefinitionError as error:
        place = (error.where and error.where.line) or 1
        yield Unreadable(line=above + place, problem=error.what)
        return
    for document in documents:
        decode_binaries(document)
        is_encrypted = isinstance(get(document, "sops"), yaml.MappingNode)
        for node in _maps(document):
            if _is_secret(node) and (keys := tuple(dict.fromkeys(_plain_keys(node, is_encrypted)))):
                yield PlainSecret(
                    namespace=text_at(node, "metadata", "namespace"),
                    name=text_at(node, "metadata", "name") or text_at(node, "metadata", "generateName"),
                    keys=keys,
                    template=template,
                )


def _maps(root: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Yield all maps of a document, each once; the items of a `SecretList` get the kind that it says for
    them.
    """
    seen: set[int] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if id(node) in seen or isinstance(node, yaml.ScalarNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
            todo += [value for _, value in reversed(node.value)]
            todo += reversed(list(_typed_items(node)))
        else:
            todo += reversed(node.value)


def _typed_items(node: yaml.MappingNode) -> Iterator[yaml.Node]:
    """Yield the items without a kind, or with an empty one, with that of their list.

    As apimachinery has them (unstructured/helpers.go: decodeToList).
    """
    if "secretlist" not in _kinds(node):
        return
    kind = (yaml.ScalarNode(_STR, "kind"), yaml.ScalarNode(_STR, "Secret"))
    for items in all_in_any_case(node, "items"):
        for item in items.value if isinstance(items, yaml.SequenceNode) else ():
            if isinstance(item, yaml.MappingNode) and all(said in _NOTHING for said in _kinds(item)):
                yield yaml.MappingNode(item.tag, [*item.value, kind])


def _kinds(node: yaml.MappingNode) -> list[str]:
    """Return what a map is, also by `Kind` or `KIND`.

    The API server finds the kind in any case (apimachinery: serializer/json/meta.go, Interpret, by
    encoding/json). kubectl, Flux and Argo CD find none and apply nothing (unstructured/helpers.go, Decode:
    "Object 'Kind' is missing"), but the values would be committed.
    """
    return [text_at(kind).strip().casefold() for kind in all_in_any_case(node, "kind")]


def _is_secret(node: yaml.MappingNode) -> bool:
    """Return whether it is a Secret of Kubernetes itself; other groups have kinds of that name, too.

    `/v1` has no group, as `v1` (apimachinery: schema/group_version.go, ParseGroupVersion).
    """
    versions = texts_at(node, "apiVersion") or [""]
    is_core = any("/" not in version.strip().removeprefix("/") for version in versions)
    return is_core and "secret" in _kinds(node)


def _plain_keys(secret: yaml.MappingNode, is_encrypted: bool) -> Iterator[str]:
    for field, values in pairs(secret):
        if text_at(field).casefold() in _FIELDS:
            # No Kubernetes takes anything but a map there, but it can be read.
            entries = pairs(values) if isinstance(values, yaml.MappingNode) else [(field, values)]
            yield from (text_at(key) or "?" for key, value in entries if not _is_fine(value, is_encrypted))


def _is_fine(value: yaml.Node, is_encrypted: bool) -> bool:
    if not isinstance(value, yaml.ScalarNode):
        return not value.value
    text = value.value.strip()
    if not text or (value.tag == _NULL and text.casefold() in _NOTHING):  # `!!null hunter2` is none
        return True
    if _ENCRYPTED.fullmatch(text):
        return is_encrypted
    return any(_REFERENCE.fullmatch(form) for form in (text, _decoded(text)))


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8").strip()
    except (binascii.Error, ValueError):
        return ""
