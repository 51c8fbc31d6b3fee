"""The LSTM in twenty minutes (notebook 00)."""
