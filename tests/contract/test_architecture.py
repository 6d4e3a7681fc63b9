"""Who may import whom, and where effects live.

Arrows go down: cli -> commands -> wiring -> edges -> publishing -> rendering -> common -> errors. A command
imports no other command, and in its folder only `command.py` knows wiring and edges.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from promotion.cli.catalog import COMMANDS
from support.source_nodes import SOURCE, find_nodes

MODULES = sorted(SOURCE.rglob("*.py"))

# From above to below: each imports itself and what stands after it.
LAYERS = tuple(
    f"promotion.{name}"
    for name in ("cli", "commands", "wiring", "edges", "publishing", "rendering", "common", "errors")
)
PURE = LAYERS[LAYERS.index("promotion.publishing") :]
# What stands beside the layers, and what it may import of ours.
BESIDE = {"promotion.__main__": ("promotion.cli.main",), "promotion": ()}
PROCESSES = {"subprocess", "multiprocessing", "pty"}
EFFECTS = PROCESSES | {
    *("os", "shutil", "tempfile", "glob", "fcntl", "mmap", "sqlite3"),  # files
    *("socket", "ssl", "http.client", "http.server", "urllib.request", "requests", "urllib3"),  # network
    *("dulwich", "git", "github", "helm_python", "actions_toolkit"),  # libraries that do either
}
IMPURE = EFFECTS | {
    "sys",
    "time",
    "random",
    "secrets",
    "threading",
    "concurrent",
    "asyncio",
    "logging",
    "rich",
}
# Below the edges: threads that call what they are given, and a lock for them.
MAY_USE = {
    "promotion.common.parallel": ("concurrent.futures",),
    "promotion.common.lazy_dataclass": ("threading",),
}
# Each command has these in its folder, and each folder its description.
ROLES = {"__init__", "command", "inputs", "report"}
FILE_METHODS = {
    *("read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "rmdir", "unlink", "touch", "chmod"),
    *("iterdir", "rglob", "is_file", "is_dir", "is_symlink", "exists", "stat", "symlink_to"),
}


def test_the_layers_are_where_we_look_for_them() -> None:
    assert {layer(path) for path in MODULES} == {*LAYERS, *BESIDE}


def test_imports_go_down() -> None:
    assert not [
        f"{place}: {name}"
        for path, place, name in imports()
        if inside(name, "promotion") and not inside(name, *list_allowed(layer(path)))
    ]


def test_a_command_imports_no_other_command() -> None:
    assert not [
        f"{place}: {name}"
        for path, place, name in imports("promotion.commands")
        if inside(name, "promotion.commands") and not inside(name, ".".join(module(path).split(".")[:3]))
    ]


def test_each_command_has_one_folder() -> None:
    assert {path.name for path in (SOURCE / "promotion/commands").iterdir() if path.suffix} == {"__init__.py"}
    assert {path.parent.name for path in MODULES if path.name == "command.py"} == COMMANDS.keys()


def test_in_a_command_only_its_door_knows_effects() -> None:
    rooms = {path for path in MODULES if layer(path) == "promotion.commands" and path.name != "command.py"}
    assert len(rooms) > len(COMMANDS)
    assert not [
        f"{place}: {name}"
        for path, place, name in imports("promotion.commands")
        if path in rooms and inside(name, "promotion.wiring", "promotion.edges", *EFFECTS)
    ]


def test_what_is_below_the_edges_imports_nothing_with_effects() -> None:
    rows = [(path, place, name) for path, place, name in imports(*PURE) if inside(name, *IMPURE)]
    assert not [
        f"{place}: {name}" for path, place, name in rows if not inside(name, *MAY_USE.get(module(path), ()))
    ]
    assert {module(path) for path, _, _ in rows} == MAY_USE.keys()


def test_a_data_class_that_is_made_at_once_inherits_from_none_that_is_not() -> None:
    """It would lack their fields."""
    lazy = {path for path, _, name in imports() if name == "promotion.common.lazy_dataclass.dataclass"}
    classes = [(path, node) for path, node in find_nodes(ast.ClassDef) if is_data_class(node)]
    unfinished = {node.name for path, node in classes if path in lazy}
    assert len(unfinished) > 100
    assert not [
        f"{path.name}: {node.name}({base.id})"
        for path, node in classes
        for base in node.bases
        if path not in lazy and isinstance(base, ast.Name) and base.id in unfinished
    ]


def is_data_class(node: ast.ClassDef) -> bool:
    return any("dataclass" in ast.unparse(part) for part in node.decorator_list)


def test_what_is_below_the_edges_reads_and_writes_no_files() -> None:
    assert not [f"{place}: {name}()" for place, name in calls(*PURE) if name in {"open", "print", "input"}]
    assert not [f"{place}: {name}()" for place, name in calls(*PURE) if name.lstrip(".") in FILE_METHODS]


def test_what_is_below_the_edges_needs_no_library_but_yaml() -> None:
    known = {*sys.stdlib_module_names, "yaml", "promotion"}
    assert not [f"{place}: {name}" for _, place, name in imports(*PURE) if name.split(".")[0] not in known]


def test_one_place_reads_the_lock() -> None:
    name = "promotion.rendering.lock.lock_file.parse_lock"
    assert not [str(place) for _, place, imported in imports() if imported == name]
    assert [place for _, place, imported in imports() if imported == name.replace("parse", "read")]


def test_one_place_starts_processes() -> None:
    place_of_processes = SOURCE / "promotion/edges/child_process.py"
    elsewhere = [row for row in imports() if row[0] != place_of_processes]
    assert len(elsewhere) < len(list(imports()))
    assert not [f"{place}: {name}" for _, place, name in elsewhere if inside(name, *PROCESSES)]
    starters = {
        "system",
        "popen",
        "fork",
        "forkpty",
        "posix_spawn",
        "posix_spawnp",
        "execv",
        "execve",
        "execvp",
    }
    assert not [
        f"{place}: os.{name}"
        for path, place, name in os_names()
        if name in starters and path != place_of_processes
    ]


def test_only_the_command_line_reads_the_environment() -> None:
    environment = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
    assert not [
        f"{place}: os.{name}"
        for path, place, name in os_names()
        if name in environment and module(path) != "promotion.cli.command_process"
    ]


def test_nothing_changes_the_working_folder() -> None:
    assert not [f"{place}: os.{name}" for _, place, name in os_names() if name in {"chdir", "fchdir"}]


def test_no_module_hides_one_of_the_standard_library() -> None:
    assert not [path for path in MODULES if path.stem in sys.stdlib_module_names]


def test_no_two_modules_share_a_name_by_accident() -> None:
    names = Counter(path.stem for path in MODULES if path.stem not in ROLES)
    assert not [name for name, number in names.items() if number > 1]


def test_modules_stay_small_enough_to_read() -> None:
    assert not [path for path in MODULES if len(path.read_text().splitlines()) > 300]


def list_allowed(name: str) -> tuple[str, ...]:
    """What a layer, or what stands beside them, may import of ours."""
    if name == "promotion.cli":
        return ("promotion",)
    return (*LAYERS[LAYERS.index(name) :], "promotion.__version__") if name in LAYERS else BESIDE[name]


@cache
def module(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def layer(path: Path) -> str:
    """`promotion.common` for `promotion/common/text.py`."""
    return ".".join(module(path).split(".")[:2])


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def nodes(kinds: tuple[type[ast.AST], ...], *layers: str) -> Iterator[tuple[Path, str, Any]]:
    """Nodes of some kinds in some layers, or in all, with their file and their place to show."""
    for path, node in find_nodes(*kinds):
        if not layers or layer(path) in layers:
            yield path, f"src/{path.relative_to(SOURCE)}:{node.lineno}", node


def imports(*layers: str) -> Iterator[tuple[Path, str, str]]:
    """The full name of everything imported, for types alone as well."""
    for path, place, node in nodes((ast.Import, ast.ImportFrom), *layers):
        if isinstance(node, ast.Import):
            yield from ((path, place, alias.name) for alias in node.names)
        else:
            assert node.level == 0, f"{place}: a relative import"
            yield from ((path, place, f"{node.module}.{alias.name}") for alias in node.names)


def calls(*layers: str) -> Iterator[tuple[str, str]]:
    """The names of called functions, and of called methods with a dot before."""
    for _, place, node in nodes((ast.Call,), *layers):
        if isinstance(node.func, ast.Name):
            yield place, node.func.id
        elif isinstance(node.func, ast.Attribute):
            yield place, f".{node.func.attr}"


def os_names() -> Iterator[tuple[Path, str, str]]:
    """What is used of the module `os`."""
    for path, place, node in nodes((ast.Attribute, ast.ImportFrom)):
        if isinstance(node, ast.ImportFrom):
            if node.module == "os":
                yield from ((path, place, alias.name) for alias in node.names)
        elif isinstance(node.value, ast.Name) and node.value.id == "os":
            yield path, place, node.attr
