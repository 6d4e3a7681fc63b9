"""The whole workflow on the example estate, with local repositories in place of GitHub.

Run it with `make demo`. It needs git and the installed package, and leaves nothing behind.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

ESTATE = Path(__file__).resolve().parent / "estate"
ENVIRONMENTS = ("dev", "stage", "prod")
IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "Cat team"), ("EMAIL", "cats@acme.example"))
}
console = Console(highlight=False, soft_wrap=True)


class Estate:
    """The example's repositories below one folder, bare as on a server, with a work tree each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "LC_ALL": "C.UTF-8",
            **IDENTITY,
            # The definitions name https://github.com/acme/...; git finds those repositories here.
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{root}/acme/.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://github.com/acme/",
        }

    def address(self, name: str) -> Path:
        """Where a repository lies."""
        return self.root / "acme" / name

    def run(self, *argv: str | Path, cwd: Path | None = None) -> str:
        """Run a command to its end and give its output; a failure ends the demo."""
        done = subprocess.run(
            [str(word) for word in argv],
            cwd=cwd or self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{' '.join(done.args)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def create(self, name: str) -> None:
        """Make a repository of a folder of the estate, with a branch for each environment."""
        self.run("git", "init", "--quiet", "--bare", "--initial-branch=dev", self.address(name))
        work = self.work(name)
        self.run("git", "clone", "--quiet", self.address(name), work)
        if not (ESTATE / name).is_dir():
            return
        shutil.copytree(ESTATE / name, work, dirs_exist_ok=True)
        self.commit(name, "Start")
        for branch in ENVIRONMENTS[1:]:
            self.run("git", "switch", "--quiet", "-c", branch, "dev", cwd=work)
            for definition in work.glob("component.yaml"):  # the cluster's HLD differs per branch
                text = definition.read_text("utf-8").replace("branch: dev", f"branch: {branch}")
                definition.write_text(text, "utf-8")
            self.commit(name, f"The {branch} environment")
        self.run("git", "switch", "--quiet", "dev", cwd=work)

    def work(self, name: str) -> Path:
        """A repository's work tree."""
        return self.root / "work" / name

    def commit(self, name: str, message: str) -> None:
        """Commit what changed in a work tree, and push its branch."""
        work = self.work(name)
        self.run("git", "add", "--all", cwd=work)
        self.run("git", "commit", "--quiet", "--allow-empty", "-m", message, cwd=work)
        self.run("git", "push", "--quiet", "origin", "HEAD", cwd=work)

    def materialize(self, environment: str) -> None:
        """What the action does on a push to a branch."""
        words = ["promotion", "materialize", "--environment", environment]
        words += ["--hld-repository", str(self.address("cluster-hld"))]
        words += ["--manifest-repository", str(self.address("cluster-manifests"))]
        shown = " ".join(words).replace(f"{self.root}/", "")
        console.print(f"[bold green]$[/] {shown}")
        start = time.monotonic()
        program = Path(sys.executable).with_name("promotion")
        done = subprocess.run(
            [str(program), *words[1:]], env=self.environment, cwd=self.root, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        console.print(done.stdout.replace(f"{self.root}/", "").rstrip(), markup=False)
        console.print(f"[dim]{time.monotonic() - start:.2f} s[/]\n")
        if done.returncode:
            sys.exit(done.returncode)

    def manifests(self, *arguments: str) -> str:
        """Ask the manifest repository."""
        return self.run("git", "-C", self.address("cluster-manifests"), *arguments)

    def show_tree(self, environment: str) -> None:
        """The files of an environment's branch."""
        root = Tree(f"[bold]cluster-manifests[/], branch [bold]{environment}[/]")
        folders = {"": root}
        for path in self.manifests("ls-tree", "-r", "--name-only", environment).splitlines():
            folder, _, name = path.rpartition("/")
            parents = folder.split("/") if folder else []
            for depth in range(1, len(parents) + 1):
                key = "/".join(parents[:depth])
                if key not in folders:
                    folders[key] = folders["/".join(parents[: depth - 1])].add(parents[depth - 1])
            folders[folder].add(name)
        console.print(root)
        console.print()


def title(text: str) -> None:
    """Announce a step."""
    console.rule(f"[bold]{text}", align="left")


def release(estate: Estate, version: str) -> None:
    """The cat team releases a version to dev."""
    config = estate.work("cat-application") / "hld" / "config" / "common.yaml"
    config.write_text(config.read_text("utf-8").replace('"1.1.0"', f'"{version}"'), "utf-8")
    estate.commit("cat-application", f"Release {version}")


def promote(estate: Estate, name: str, source: str, target: str) -> None:
    """Merge one environment's branch into the next."""
    work = estate.work(name)
    estate.run("git", "switch", "--quiet", target, cwd=work)
    estate.run("git", "merge", "--quiet", "--no-edit", source, cwd=work)
    estate.run("git", "push", "--quiet", "origin", "HEAD", cwd=work)
    estate.run("git", "switch", "--quiet", source, cwd=work)


def tell(estate: Estate) -> None:
    """The story, step by step."""
    title("1. Four repositories, as on GitHub, each with the branches dev, stage and prod")
    for name in ("cloud-native", "cat-application", "dog-application", "cluster-hld"):
        estate.create(name)
        console.print(f"acme/{name}")
    estate.create("cluster-manifests")
    console.print("acme/cluster-manifests [dim](empty)[/]\n")

    title("2. Each environment is materialised to its branch of the manifest repository")
    for environment in ENVIRONMENTS:
        estate.materialize(environment)
    for environment in ENVIRONMENTS:
        estate.show_tree(environment)

    title("3. The cat team pushes version 1.2.0 to dev")
    release(estate, "1.2.0")
    estate.materialize("dev")
    patch = estate.manifests("show", "--format=%B", "--patch", "dev", "--", "*.yaml")
    for line in patch.replace(f"{estate.root}/", "").rstrip().splitlines():
        style = {"+": "green", "-": "red"}.get(line[:1] if not line.startswith("- ") else "", "")
        console.print(Text(line, style=style))
    console.print()

    title("4. A merge from dev to stage promotes it; prod stays as it is")
    promote(estate, "cat-application", "dev", "stage")
    estate.materialize("stage")
    for environment in ENVIRONMENTS:
        deployment = f"{environment}:cat-application/cat-application.yaml"
        image = next(line for line in estate.manifests("show", deployment).splitlines() if "image:" in line)
        console.print(f"{environment:6} {image.strip()}")
    console.print()

    title("5. A second run finds nothing to do")
    before = estate.manifests("rev-parse", "stage")
    estate.materialize("stage")
    if estate.manifests("rev-parse", "stage") != before:
        sys.exit("the second run made a commit")


def main() -> None:
    """Tell the story in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="promotion-demo-") as folder:
        tell(Estate(Path(folder).resolve()))


if __name__ == "__main__":
    main()
