"""The commands: each puts its edges together and runs its steps.

They are loaded when asked for, so that each starts fast.
"""
