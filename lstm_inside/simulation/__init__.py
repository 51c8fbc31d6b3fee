"""A character model and its dissection, forecasts of an EEG (notebook 07)."""
