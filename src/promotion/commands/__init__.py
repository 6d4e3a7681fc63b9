"""The commands: each opens its edges and runs its steps.

They are loaded when asked for, so that each starts fast.
"""
