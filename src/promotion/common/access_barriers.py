"""What GitHub forbids whatever rights a token has. Its sentences tell, as it has no codes for them.

They are those that others report of its API and of git:
- "Resource protected by organization SAML enforcement": octokit/octokit.rb#1504; git's is "organization has
  enabled or enforced SAML SSO";
- "has an IP allow list enabled": Homebrew/brew, utils/github/api.rb; "Managing allowed IP addresses for your
  organization" in GitHub's docs;
- "was archived so is read-only": hub4j/github-api, GHRepository.archive;
- "issue is locked": probot/stale#25, renovatebot/renovate#6215; "Locking conversations" in GitHub's docs;
- "forbids access via a personal access token", and one that lives longer than it may: "Setting a personal
  access token policy for your organization" in GitHub's docs; the sentence is in NixOS/org#247;
- "has enabled OAuth App access restrictions": "About OAuth app access restrictions" in GitHub's docs;
- "Repository access blocked": PyGithub/PyGithub#1015; "disabled by GitHub staff" is git's word for it.
"""

from __future__ import annotations

import re

from promotion.common.phrases import Phrase

_TOKENS = "under Settings, Developer settings, Personal access tokens"
_BARRIERS: tuple[tuple[str, Phrase], ...] = (
    (
        r"SAML (?:SSO|enforcement)",
        Phrase(
            f"Authorise the token for the organisation's single sign-on, {_TOKENS}: `Configure SSO` for a "
            "classic one; a fine-grained one is made anew with the organisation as its owner. A GitHub App "
            "needs neither."
        ),
    ),
    (
        r"IP allow list",
        Phrase(
            "Run the job on a runner whose address is on that list, or have an owner of the organisation add "
            "the address; for a GitHub App its own addresses may be taken over there.",
            "Connect by a network whose address is on that list (a VPN), or have an owner of the "
            "organisation add yours.",
        ),
    ),
    (r"archived so", Phrase("Unarchive the repository under its Settings, or name another one.")),
    (
        r"issue is locked",
        Phrase(
            "Unlock the conversation: in a locked one only people with write access comment, and a job's own "
            "token isn't one of them."
        ),
    ),
    (
        r"token'?s'? lifetime",
        Phrase(
            f"Make a token that ends within the days that the organisation allows, {_TOKENS}, or use "
            "a GitHub App."
        ),
    ),
    (
        r"OAuth App access restrictions",
        Phrase(
            "Have an owner of the organisation approve the program that made the token, or use a personal "
            "access token or a GitHub App."
        ),
    ),
    (
        r"access blocked|disabled by GitHub staff",
        Phrase("GitHub has closed the repository to everybody: its owner may ask GitHub's support why."),
    ),
    (
        r"forbids access via a (?:personal|fine-grained)",
        Phrase("Use a token of the kind that the organisation allows, or a GitHub App."),
    ),
    (r"locked for migration|under maintenance", Phrase("Run it again when that is over.")),
)


def find_way(said: str) -> Phrase | None:
    """Return the advice for a refusal that more rights can't lift; None for any other."""
    found = (fix for pattern, fix in _BARRIERS if re.search(pattern, said, re.IGNORECASE))
    return next(found, None)
