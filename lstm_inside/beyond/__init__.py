"""The same numbers from PyTorch, the same training in two processes (notebook 09)."""
