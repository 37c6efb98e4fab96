"""The libraries of the papers that ship no types, each named once."""

from typing import Any

import uharfbuzz  # type: ignore[import-untyped]  # it ships no types
from bidi.algorithm import (  # type: ignore[import-untyped]  # it ships no types
    explicit_embed_and_overrides,
    get_embedding_levels,
    get_empty_storage,
    resolve_implicit_levels,
    resolve_neutral_types,
    resolve_weak_types,
)
from reportlab.lib.colors import HexColor  # type: ignore[import-untyped]  # it ships no types
from reportlab.pdfbase import pdfdoc, pdfmetrics  # type: ignore[import-untyped]  # it ships no types
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]  # it ships no types
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # it ships no types

__all__ = [
    "Canvas",
    "HexColor",
    "TTFont",
    "document_of",
    "levels_of",
    "pdfdoc",
    "pdfmetrics",
    "uharfbuzz",
]


def levels_of(text: str, base: int) -> list[int]:
    """Give the embedding level of each letter, by the Unicode bidirectional algorithm.

    The text holds no controls: what the algorithm would remove has no level.
    """
    storage: Any = get_empty_storage()
    storage["base_level"] = base
    storage["base_dir"] = ("L", "R")[base % 2]
    get_embedding_levels(text, storage)
    explicit_embed_and_overrides(storage)
    resolve_weak_types(storage)
    resolve_neutral_types(storage, False)
    resolve_implicit_levels(storage, False)
    return [letter["level"] for letter in storage["chars"]]


def document_of(canvas: Any) -> Any:
    """Give the document under a canvas, into which fonts are embedded."""
    return canvas._doc  # noqa: SLF001  # the canvas has no public way to embed a font of ours
