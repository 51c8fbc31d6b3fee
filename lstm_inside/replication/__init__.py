"""The papers again: variants, protocols, trials (notebook 08)."""
