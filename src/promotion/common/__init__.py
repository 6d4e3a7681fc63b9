"""What every layer uses: texts, settings, events, names.

It imports nothing else of the project but errors.
"""
