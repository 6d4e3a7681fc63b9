"""What every layer uses: texts, settings, events, names. It imports nothing of ours but errors."""
