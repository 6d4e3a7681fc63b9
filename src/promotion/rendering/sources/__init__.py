"""The kinds of sources: a module for each, which `source_kinds` lists."""
