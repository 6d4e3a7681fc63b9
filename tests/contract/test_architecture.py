"""Who may import whom, and where effects live.

cli -> commands -> steps -> core, and commands -> edges -> core: commands alone join steps and edges.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
TREES = {path: ast.parse(path.read_text()) for path in sorted(SOURCE.rglob("*.py"))}

PURE = ("promotion.core", "promotion.errors")
# What each layer may import of ours.
MAY_IMPORT = {
    "promotion.errors": (),
    "promotion.core": PURE,
    "promotion.steps": ("promotion.steps", *PURE),
    "promotion.edges": ("promotion.edges", *PURE),
    "promotion.commands": (
        "promotion.commands",
        "promotion.steps",
        "promotion.edges",
        *PURE,
        "promotion.__version__",
    ),
    "promotion.cli.main": ("promotion",),
    "promotion.__main__": ("promotion.cli.main",),
    "promotion": (),
}
PROCESSES = {"subprocess", "multiprocessing", "pty"}
EFFECTS = PROCESSES | {
    *("os", "shutil", "tempfile", "glob", "fcntl", "mmap", "sqlite3"),  # files
    *("socket", "ssl", "http.client", "http.server", "urllib.request", "requests", "urllib3"),  # network
    *("dulwich", "github", "helm_python", "actions_toolkit"),  # libraries that do either
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
FILE_METHODS = {
    *("read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "rmdir", "unlink", "touch", "chmod"),
    *("iterdir", "rglob", "is_file", "is_dir", "is_symlink", "exists", "stat", "symlink_to"),
}


def test_the_layers_are_where_we_look_for_them() -> None:
    assert {layer(path) for path in TREES} == MAY_IMPORT.keys()


def test_imports_go_one_way() -> None:
    assert not [
        f"{place}: {name}"
        for path, place, name in imports(*MAY_IMPORT)
        if inside(name, "promotion") and not inside(name, *MAY_IMPORT[layer(path)])
    ]


def test_core_imports_nothing_with_effects() -> None:
    assert not [f"{place}: {name}" for _, place, name in imports(*PURE) if inside(name, *IMPURE)]


def test_core_reads_and_writes_no_files() -> None:
    assert not [f"{place}: {name}()" for place, name in calls(*PURE) if name in {"open", "print", "input"}]
    assert not [f"{place}: {name}()" for place, name in calls(*PURE) if name.lstrip(".") in FILE_METHODS]


def test_core_needs_no_library_but_yaml() -> None:
    known = {*sys.stdlib_module_names, "yaml", "promotion"}
    assert not [f"{place}: {name}" for _, place, name in imports(*PURE) if name.split(".")[0] not in known]


def test_steps_get_their_effects_as_arguments() -> None:
    assert not [f"{place}: {name}" for _, place, name in imports("promotion.steps") if inside(name, *EFFECTS)]


def test_one_place_starts_processes() -> None:
    place_of_processes = SOURCE / "promotion/edges/command.py"
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
        if name in environment and not inside(layer(path), "promotion.cli.main")
    ]


def test_nothing_changes_the_working_folder() -> None:
    assert not [f"{place}: os.{name}" for _, place, name in os_names() if name in {"chdir", "fchdir"}]


def test_no_module_hides_one_of_the_standard_library() -> None:
    assert not [path for path in TREES if path.stem in sys.stdlib_module_names]


def test_modules_stay_small_enough_to_read() -> None:
    assert not [path for path in TREES if len(path.read_text().splitlines()) > 300]


def module(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


def layer(path: Path) -> str:
    """`promotion.core` for `promotion/core/model.py`."""
    return ".".join(module(path).split(".")[:2])


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def nodes(*layers: str) -> Iterator[tuple[Path, str, ast.AST]]:
    """Every node of some layers, or of all, with its file and its place to show."""
    for path, tree in TREES.items():
        if not layers or layer(path) in layers:
            for node in ast.walk(tree):
                yield path, f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", node


def imports(*layers: str) -> Iterator[tuple[Path, str, str]]:
    """The full name of everything imported, for types alone as well."""
    for path, place, node in nodes(*layers):
        if isinstance(node, ast.Import):
            yield from ((path, place, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place}: a relative import"
            yield from ((path, place, f"{node.module}.{alias.name}") for alias in node.names)


def calls(*layers: str) -> Iterator[tuple[str, str]]:
    """The names of called functions, and of called methods with a dot before."""
    for _, place, node in nodes(*layers):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield place, node.func.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield place, f".{node.func.attr}"


def os_names() -> Iterator[tuple[Path, str, str]]:
    """What is used of the module `os`."""
    for path, place, node in nodes():
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            yield path, place, node.attr
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            yield from ((path, place, alias.name) for alias in node.names)
