"""The images that a manifest runs, found without reading all of it."""

from __future__ import annotations

import re

from promotion.core.manifests.resources import Image, parse_documents, split_documents

_IMAGE = re.compile(r"""["']?image["']?\s*:""")


def list_images(manifest: bytes) -> tuple[Image, ...]:
    """The images of the workloads in a manifest, each once, in order."""
    try:
        text = manifest.decode("utf-8")
    except UnicodeDecodeError:
        return ()
    found = (
        image
        for chunk in split_documents(text)
        if _IMAGE.search(chunk)
        for document in parse_documents(chunk.encode())
        if document.readable
        for described in document.described
        for image in described.images.values()
    )
    return tuple(dict.fromkeys(found))
