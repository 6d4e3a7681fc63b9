"""The whole workflow on the example estate: preview, push, promote, guard, explain, roll back.

Run it with `make demo`. A git server and an API on this machine stand in for GitHub; nothing is left behind.
"""

from __future__ import annotations

import re
import sys
import time
from typing import NoReturn

from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.text import Text
from rich.tree import Tree

from promotion.edges.terminal import STYLES, mark_lines
from support.estate import Finished
from support.hub import ENVIRONMENTS, NOBODY, Hub, UnexpectedEndError, open_hub
from support.runner import Step

CAT, DOG, HLD, MANIFESTS = "cat-application", "dog-application", "cluster-hld", "cluster-manifests"
console = Console(highlight=False, soft_wrap=True)


class Story:
    """Tells what happens, step by step; the first thing that isn't as told ends it."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def tell(self) -> None:
        """All of it."""
        self.set_up()
        self.see_before_merging()
        self.push()
        self.promote()
        self.trace()
        self.undo()
        self.repeat()

    def set_up(self) -> None:
        title("1. Four repositories with the branches dev, stage and prod: each environment is materialised")
        for environment in ENVIRONMENTS:
            self.run(f"{HLD}: push to {environment}", self.hub.push_step(HLD, environment, NOBODY))
        self.show_tree("dev")

    def see_before_merging(self) -> None:
        title("2. A pull request: `preview` comments what it would change in the cluster")
        hub = self.hub
        hub.repository(CAT).git("branch", "release-1.2.0", "dev")
        hub.release("1.2.0", branch="release-1.2.0")
        pull = hub.propose(CAT, "release-1.2.0", "dev", "Release 1.2.0")
        self.run(f"{CAT}: pull request #{pull.number} into dev", hub.pull_step(CAT, pull, "preview"))
        (comment,) = hub.live(CAT).comments
        self.show_markdown(comment.body)

    def push(self) -> None:
        title("3. It is merged: the push materialises dev, and GitHub records the deployment")
        hub = self.hub
        before = hub.repository(CAT).tip("dev")
        hub.merge(CAT, "release-1.2.0", "dev")
        self.run(f"{CAT}: push to dev", hub.push_step(CAT, "dev", before))
        self.show(hub.repository(MANIFESTS).git("show", "--format=%B", "--patch", "dev", "--", "*.yaml"))
        self.show_deployments(CAT)

    def promote(self) -> None:
        title("4. `promote` keeps the pull request from dev to stage, and `guard` judges it")
        hub = self.hub
        self.command(
            *("promote", "--repository", f"acme/{CAT}", "--to", "stage"),
            *("--manifest-repository", f"acme/{MANIFESTS}"),
        )
        (pull,) = (each for each in hub.live(CAT).pulls.values() if each.base_branch == "stage")
        self.show_markdown(f"## #{pull.number} {pull.title}\n{pull.body}")
        self.run(f"{CAT}: pull request #{pull.number} into stage", hub.pull_step(CAT, pull, "guard"))
        before = hub.repository(CAT).tip("stage")
        hub.merge(CAT, "dev", "stage")
        self.run(f"{CAT}: push to stage", hub.push_step(CAT, "stage", before))
        shortcut = hub.propose(CAT, "dev", "prod", "Straight to prod")
        refused = hub.run(hub.pull_step(CAT, shortcut, "guard"))
        expect(refused.code == 1, "the guard lets dev go to prod")
        said = re.sub(r"^::\w+[^:]*::", "", refused.errors[0])
        self.show(f"{CAT}: pull request #{shortcut.number} from dev into prod is refused\n{said}")

    def trace(self) -> None:
        title("5. Where does it come from, and where is it?")
        where = ["--manifest-repository", f"acme/{MANIFESTS}"]
        self.command("explain", f"deploy/{CAT}", "--environment", "stage", "--value", "image.tag", *where)
        self.command("status", *where)

    def undo(self) -> None:
        title("6. 1.2.0 is bad: stage goes back, and stays there until the cat team pushes a fix")
        hub, where = self.hub, ["--manifest-repository", f"acme/{MANIFESTS}"]
        good = hub.repository(MANIFESTS).git("rev-parse", "stage~1")
        self.command("rollback", "--environment", "stage", "--to", good[:12], *where)
        self.show_image("stage")
        self.bring(DOG, "2.1.0")
        self.command("status", *where)
        expect("1.1.0" in self.image("stage"), "a push of the dog team has undone the rollback")
        self.bring(CAT, "1.2.1")
        self.show_image("stage")
        expect("1.2.1" in self.image("stage"), "the fix isn't in stage")

    def bring(self, name: str, version: str) -> None:
        """Release a version to dev, and promote it to stage: each is a push."""
        before = {branch: self.hub.repository(name).tip(branch) for branch in ("dev", "stage")}
        self.hub.release(version, application=name)
        self.run(f"{name} {version}: push to dev", self.hub.push_step(name, "dev", before["dev"]))
        self.hub.merge(name, "dev", "stage")
        self.run(
            f"{name} {version}: merged from dev, push to stage",
            self.hub.push_step(name, "stage", before["stage"]),
        )

    def repeat(self) -> None:
        title("7. The same run again finds nothing to do")
        before = self.hub.repository(MANIFESTS).tip("stage")
        self.run(f"{CAT}: push to stage", self.hub.push_step(CAT, "stage", NOBODY))
        expect(self.hub.repository(MANIFESTS).tip("stage") == before, "the same run again has made a commit")

    def run(self, what: str, step: Step) -> Finished:
        """Run a step of a workflow, and show the last line of its log and its time."""
        start = time.monotonic()
        done = self.hub.must(step)
        lines = [line for line in done.log.splitlines() if line.strip() and not line.startswith("::debug")]
        said = re.sub(r"^::\w+[^:]*::", "", lines[-1]) if lines else ""
        console.print(f"[bold green]▶[/] {what}: [bold]{step.arguments[0]}[/]")
        console.print(Text(f"  {self.public(said)}"))
        console.print(f"[dim]  {time.monotonic() - start:.2f} s[/]\n")
        return done

    def command(self, *words: str) -> None:
        """Run a command in a terminal, and show what it prints."""
        console.print(Text("$ promotion " + " ".join(words), style="bold"))
        self.show(self.hub.terminal(*words))

    def show(self, text: str) -> None:
        """Show a text as it is, with a diff in it in colours."""
        is_difference = False
        for mark, line in mark_lines(self.public(text).rstrip()):
            is_difference = is_difference or mark == "file"
            console.print(Text(f"  {line}", style=STYLES[mark] if is_difference else ""))
        console.print()

    def show_markdown(self, text: str) -> None:
        """Show a comment or a pull request's text as GitHub does, with folded parts open."""
        shown = re.sub(r"<!--.*?-->", "", self.public(text), flags=re.DOTALL)
        shown = re.sub(r"<summary>(.*?)</summary>", r"\n**▾ \1**\n", shown, flags=re.DOTALL)
        shown = re.sub(r"</?details>", "\n", shown)
        markdown = Markdown(shown, code_theme="ansi_dark")
        console.print(Padding(markdown, (0, 2)), soft_wrap=False)
        console.print()

    def public(self, text: str) -> str:
        """Replace the server's address with GitHub's."""
        return text.replace(self.hub.server.url, "https://github.com").replace("\u200b", "")

    def show_tree(self, environment: str) -> None:
        """Show the files of an environment's branch."""
        root = Tree(f"[bold]{MANIFESTS}[/], branch [bold]{environment}[/]")
        folders = {"": root}
        for path in sorted(self.hub.repository(MANIFESTS).files(environment)):
            *parents, name = path.split("/")
            for depth in range(1, len(parents) + 1):
                above, key = "/".join(parents[: depth - 1]), "/".join(parents[:depth])
                if key not in folders:
                    folders[key] = folders[above].add(parents[depth - 1])
            folders["/".join(parents)].add(name)
        console.print(root)
        console.print()

    def show_deployments(self, name: str) -> None:
        """Show the deployments on the front page of a repository."""
        for environment, deployment in self.hub.environments_of(name).items():
            state, url = deployment.states[-1], deployment.statuses[-1]["environment_url"]
            self.show(f"{name}: {environment} is at {deployment.sha[:12]}: {state}, {url}")

    def image(self, environment: str) -> str:
        """Return the line of the cat's manifest that names its image."""
        manifest = self.hub.repository(MANIFESTS).read(f"{CAT}/{CAT}.yaml", environment)
        return next(line.strip() for line in manifest.splitlines() if "image:" in line)

    def show_image(self, environment: str) -> None:
        """Show the image of an environment."""
        self.show(f"{environment}: {self.image(environment)}")


def title(text: str) -> None:
    """Announce a part of the story."""
    console.print(f"[bold]{text}\n{'─' * len(text)}")


def expect(fulfilled: bool, otherwise: str) -> None:
    """End the demo if something isn't as told."""
    if not fulfilled:
        fail(otherwise)


def fail(text: str) -> NoReturn:
    """End the demo."""
    sys.exit(f"the demo has failed: {text}")


def main() -> None:
    """Tell the story."""
    with open_hub() as hub:
        try:
            Story(hub).tell()
        except UnexpectedEndError as error:
            fail(str(error))
        if hub.github.violations:
            fail(f"what was asked of GitHub isn't as it describes: {hub.github.violations}")


if __name__ == "__main__":
    main()
