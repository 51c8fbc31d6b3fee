"""The cell line and its gates (notebook 03)."""
